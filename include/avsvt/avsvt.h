/* SPDX-License-Identifier: MIT */
/** @file avsvt.h
 *  The whole public C API of libavsvt. */
#ifndef AVSVT_AVSVT_H
#define AVSVT_AVSVT_H

#include <avsvt/api.h>
#include <avsvt/status.h>
#include <avsvt/context.h>
#include <avsvt/tensor.h>
#include <avsvt/media.h>
#include <avsvt/video.h>
#include <avsvt/mouth.h>
#include <avsvt/model.h>
#include <avsvt/features.h>
#include <avsvt/fusion.h>
#include <avsvt/head.h>
#include <avsvt/notes.h>
#include <avsvt/edit.h>
#include <avsvt/export.h>
#include <avsvt/chart.h>
#include <avsvt/score.h>
#include <avsvt/metrics.h>
#include <avsvt/pipeline.h>
#include <avsvt/stream.h>
#include <avsvt/job.h>
#include <avsvt/feed.h>
#include <avsvt/augment.h>
#include <avsvt/dataset.h>
#include <avsvt/train.h>

#endif /* AVSVT_AVSVT_H */
