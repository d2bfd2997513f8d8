# SPDX-License-Identifier: MIT
"""The public C API as ctypes sees it: structs, functions, and the library.

The tests compare this file with the headers: sizes and offsets by a C program
made of `STRUCTS`, names with lib/symbols.txt.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, c_char, c_char_p, c_double, c_float, c_int, c_int32,
                    c_int64, c_size_t, c_uint32, c_uint64, c_void_p)
from typing import Any

SONAME = "libavsvt.so.0"

OK = 0
NOTE_LOGITS = 20

F32, F64, I32, I64, U8, BOOL = range(6)
TYPES = {F32: "float32", F64: "float64", I32: "int32", I64: "int64", U8: "uint8",
         BOOL: "bool"}

RULES = {None: 0, "precise": 1, "published": 2}
FORMATS = {None: 0, "csv": 1, "json": 2, "midi": 3, "ultrastar": 4, "musicxml": 5,
           "svg": 6, "html": 7, "audacity": 8, "jams": 9}
EXPORT_PITCH_BEND = 1
CHUNKS = {None: 0, "overlap": 1, "whole": 2, "published": 3}
NOISES = {"white": 0, "natural": 1, "babble": 2}
PRECISIONS = {"fp32": 0, "fp16": 1, "bf16": 2}

LogFunction = CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
ProgressFunction = CFUNCTYPE(c_int32, c_void_p, c_double, c_double)
DatasetFunction = CFUNCTYPE(c_int32, c_void_p, c_char_p)
ReleaseFunction = CFUNCTYPE(None, c_void_p)
LengthFunction = CFUNCTYPE(c_int64, c_void_p)
SeekFunction = CFUNCTYPE(c_int64, c_void_p, c_int64, c_int)
ReadFunction = CFUNCTYPE(c_int64, c_void_p, c_void_p, c_int64)


class Record(ctypes.Structure):
    """A struct that starts with its size and otherwise with zeros."""

    def __init__(self, *args: object, **values: object):
        super().__init__(*args, **values)
        for name, value in values.items():  # ctypes cuts whole numbers without a word
            kept = getattr(self, name)
            if isinstance(kept, int) and kept != value:
                raise ValueError(f"{name} is {value}: that is out of range")
        if self._fields_[0][0] == "struct_size":
            self.struct_size = ctypes.sizeof(self)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name, *_ in self._fields_
                         if name not in ("struct_size", "reserved"))
        return f"{type(self).__name__}({told})"


class Described(Record):
    """A record whose texts are read as such."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class Bytes(Record):
    _fields_ = [("data", c_void_p), ("size", c_size_t), ("owner", c_void_p)]


class ErrorRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("message", c_char * 504)]


class Allocator(Record):
    _fields_ = [("struct_size", c_uint32), ("alloc", c_void_p), ("resize", c_void_p),
                ("release", c_void_p), ("user", c_void_p)]


class ContextOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("threads", c_int32), ("precision", c_int32),
                ("reserved", c_uint32), ("device", c_char_p), ("backend", c_char_p),
                ("module_path", c_char_p), ("allocator", POINTER(Allocator)),
                ("log", LogFunction), ("log_user", c_void_p)]


class Io(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("length", LengthFunction),
                ("seek", SeekFunction), ("read", ReadFunction), ("user", c_void_p)]


class AudioInfo(Described):
    channels: int
    rate_hz: float
    frames: int
    duration_s: float
    format: str
    _fields_ = [("struct_size", c_uint32), ("channels", c_int32), ("rate_hz", c_double),
                ("frames", c_int64), ("duration_s", c_double), ("format", c_char * 64)]


class VideoOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("pixels", c_int32), ("rate_hz", c_double),
                ("array_rate_hz", c_double), ("array", c_char_p)]


class VideoInfo(Described):
    width: int
    height: int
    channels: int
    rotation: int
    varies: int
    has_sound: int
    rate_hz: float
    duration_s: float
    frames: int
    format: str
    _fields_ = [("struct_size", c_uint32), ("width", c_int32), ("height", c_int32),
                ("channels", c_int32), ("rotation", c_int32), ("varies", c_int32),
                ("has_sound", c_int32), ("reserved", c_uint32), ("rate_hz", c_double),
                ("duration_s", c_double), ("frames", c_int64), ("format", c_char * 64)]


class MouthOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("pixels", c_int32), ("size", c_int32),
                ("smoothing", c_int32), ("window", c_int32), ("whole_picture", c_int32),
                ("landmarks_rate_hz", c_double), ("mean_face", c_void_p)]


class ActivationsInfo(Record):
    _fields_ = [("struct_size", c_uint32), ("fine_bins", c_int32), ("frames", c_int64),
                ("frame_rate_hz", c_double), ("start_s", c_double),
                ("fine_lowest", c_double), ("fine_step", c_double)]


class NoteRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("level_db", c_float), ("onset_s", c_double),
                ("offset_s", c_double), ("pitch", c_double), ("confidence", c_double)]


class NotesOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("rule", c_int32),
                ("onset_threshold", c_double), ("offset_threshold", c_double),
                ("min_duration_s", c_double), ("window_frames", c_int32),
                ("reserved", c_uint32), ("offset_delay_s", c_double),
                ("sung_share", c_double), ("fill_s", c_double), ("hold_s", c_double)]


class ExportOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("format", c_int32), ("flags", c_uint32),
                ("reserved", c_uint32), ("tempo_bpm", c_double), ("duration_s", c_double),
                ("title", c_char_p), ("audio_path", c_char_p)]


class ScoreRecord(Record):
    _fields_ = [("precision", c_double), ("recall", c_double), ("f1", c_double)]


class NotesScoresRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("reference", c_uint64),
                ("estimated", c_uint64), ("conpoff", ScoreRecord), ("conp", ScoreRecord),
                ("con", ScoreRecord), ("coff", ScoreRecord)]


class MetricsOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32),
                ("onset_tolerance_s", c_double), ("pitch_tolerance_cents", c_double),
                ("offset_ratio", c_double), ("offset_min_tolerance_s", c_double)]


class FusionTimes(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32),
                ("audio_rate_hz", c_double), ("video_rate_hz", c_double),
                ("audio_start_s", c_double), ("video_start_s", c_double)]


class DatasetOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32),
                ("valid_share", c_double), ("utterance_s", c_double)]


class DatasetReport(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("train", c_uint64),
                ("valid", c_uint64), ("test", c_uint64), ("left_out", c_uint64),
                ("sound_s", c_double), ("reason", c_char * 256)]


class ExtractOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("chunks", c_int32), ("chunk_s", c_double),
                ("context_s", c_double), ("batch", c_int32), ("reserved", c_uint32)]


class PipelineOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("chunks", c_int32), ("chunk_s", c_double),
                ("batch", c_int32), ("reserved", c_uint32)]


class RunOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32),
                ("progress", ProgressFunction), ("user", c_void_p),
                ("notes", POINTER(NotesOptions)), ("crops", c_void_p),
                ("crops_rate_hz", c_double), ("crops_start_s", c_double),
                ("video", c_void_p)]


class StreamEvent(Record):
    _fields_ = [("struct_size", c_uint32), ("kind", c_int32), ("note", c_uint64),
                ("sample", c_int64), ("found_at", c_int64), ("time_s", c_double),
                ("pitch", c_double), ("pitch_now", c_double), ("level_db", c_float),
                ("confidence", c_float), ("flags", c_uint32), ("reserved", c_uint32)]


class StreamFrame(Record):
    _fields_ = [("struct_size", c_uint32), ("voicing", c_float), ("sample", c_int64),
                ("time_s", c_double), ("pitch", c_double), ("level_db", c_float),
                ("onset", c_float)]


class StreamOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("queue", c_uint32), ("rate_hz", c_double),
                ("onset_threshold", c_double), ("offset_threshold", c_double),
                ("min_duration_s", c_double)]


class StreamInfo(Record):
    status: int
    rate_hz: float
    lookahead_s: float
    frame_latency: int
    note_latency: int
    longest_latency: int
    pushed: int
    lost_events: int
    lost_frames: int
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("rate_hz", c_double),
                ("lookahead_s", c_double), ("frame_latency", c_int64),
                ("note_latency", c_int64), ("longest_latency", c_int64),
                ("pushed", c_int64), ("lost_events", c_uint64), ("lost_frames", c_uint64)]


class FeedOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("rate_hz", c_double),
                ("step_s", c_double), ("lookahead_s", c_double), ("context_s", c_double),
                ("buffer_s", c_double), ("notes", POINTER(NotesOptions))]


class FeedFrame(Record):
    _fields_ = [("struct_size", c_uint32), ("level_db", c_float), ("time_s", c_double),
                ("pitch", c_double)]


class FeedInfo(Record):
    _fields_ = [("struct_size", c_uint32), ("state", c_int32), ("pushed", c_uint64),
                ("lost", c_uint64), ("lost_frames", c_uint64), ("final_s", c_double),
                ("latency_s", c_double)]


class ChartOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("voice", c_uint32)]


class ChartInfo(Record):
    _fields_ = [("struct_size", c_uint32), ("voices", c_uint32), ("voice", c_uint32),
                ("lines", c_uint32), ("notes", c_uint64), ("duration_s", c_double),
                ("title", c_char_p), ("artist", c_char_p), ("audio", c_char_p)]


class ChartNoteRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("kind", c_int32), ("onset_s", c_double),
                ("offset_s", c_double), ("pitch", c_double), ("line", c_uint32),
                ("reserved", c_uint32), ("word", c_char_p)]


class ScorerOptions(Record):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32),
                ("pitch_tolerance_cents", c_double), ("time_tolerance_s", c_double),
                ("delay_s", c_double), ("transpose", c_double)]


class NotePointsRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("heard", c_uint32), ("points", c_double),
                ("possible", c_double), ("share", c_double), ("sung_s", c_double),
                ("cents", c_double), ("late_s", c_double)]


class LinePointsRecord(Record):
    _fields_ = [("struct_size", c_uint32), ("notes", c_uint32), ("hits", c_uint32),
                ("golden", c_uint32), ("first_note", c_uint64), ("onset_s", c_double),
                ("offset_s", c_double), ("points", c_double), ("line_points", c_double),
                ("possible", c_double), ("so_far", c_double), ("cents", c_double),
                ("late_s", c_double)]


class TrainReport(Record):
    _fields_ = [("struct_size", c_uint32), ("event", c_int32), ("epoch", c_int64),
                ("epochs", c_int64), ("step", c_int64), ("steps", c_int64),
                ("loss", c_double), ("mean_loss", c_double), ("lr", c_double),
                ("grad_norm", c_double), ("sound_s", c_double), ("valid_loss", c_double),
                ("conpoff", c_double), ("conp", c_double), ("con", c_double),
                ("coff", c_double), ("best", c_double), ("improved", c_int32),
                ("resumed", c_int32), ("rank", c_int32), ("processes", c_int32),
                ("items", c_int64)]


TrainFunction = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(TrainReport))


# C name -> our class, for the test that compares layouts.
STRUCTS = {
    "avsvt_bytes": Bytes, "avsvt_error": ErrorRecord, "avsvt_allocator": Allocator,
    "avsvt_context_options": ContextOptions, "avsvt_io": Io,
    "avsvt_audio_info": AudioInfo, "avsvt_video_options": VideoOptions,
    "avsvt_video_info": VideoInfo, "avsvt_mouth_options": MouthOptions,
    "avsvt_activations_info": ActivationsInfo,
    "avsvt_note": NoteRecord, "avsvt_notes_options": NotesOptions,
    "avsvt_export_options": ExportOptions, "avsvt_score": ScoreRecord,
    "avsvt_notes_scores": NotesScoresRecord, "avsvt_metrics_options": MetricsOptions,
    "avsvt_fusion_times": FusionTimes, "avsvt_extract_options": ExtractOptions,
    "avsvt_dataset_options": DatasetOptions, "avsvt_dataset_report": DatasetReport,
    "avsvt_pipeline_options": PipelineOptions, "avsvt_run_options": RunOptions,
    "avsvt_stream_event": StreamEvent, "avsvt_stream_frame": StreamFrame,
    "avsvt_stream_options": StreamOptions, "avsvt_stream_info": StreamInfo,
    "avsvt_feed_options": FeedOptions, "avsvt_feed_frame": FeedFrame,
    "avsvt_feed_info": FeedInfo,
    "avsvt_chart_options": ChartOptions, "avsvt_chart_info": ChartInfo,
    "avsvt_chart_note": ChartNoteRecord, "avsvt_scorer_options": ScorerOptions,
    "avsvt_note_points": NotePointsRecord, "avsvt_line_points": LinePointsRecord,
    "avsvt_train_report": TrainReport,
}

_handle = c_void_p
_out = POINTER(c_void_p)
_error = POINTER(ErrorRecord)
_floats = POINTER(c_float)

# Functions that return a status and take the error record last.
_FALLIBLE = {
    "avsvt_context_create": (_out, POINTER(ContextOptions)),
    "avsvt_tensor_create": (_out, _handle, c_int32, c_int32, POINTER(c_int64), c_void_p,
                            ReleaseFunction, c_void_p),
    "avsvt_tensor_read": (_out, _handle, c_char_p, c_char_p),
    "avsvt_tensor_from_dlpack": (_out, _handle, c_void_p),
    "avsvt_tensor_to_dlpack": (_out, _handle),
    "avsvt_audio_open": (_out, _handle, c_char_p),
    "avsvt_audio_open_io": (_out, _handle, POINTER(Io)),
    "avsvt_audio_open_samples": (_out, _handle, c_void_p, c_int64, c_int32, c_double),
    "avsvt_audio_describe": (_handle, POINTER(AudioInfo)),
    "avsvt_audio_set_rate": (_handle, c_double),
    "avsvt_audio_read": (_handle, c_void_p, c_size_t, POINTER(c_size_t)),
    "avsvt_audio_write": (c_char_p, c_void_p, c_int64, c_double),
    "avsvt_audio_mix": (c_void_p, c_void_p, c_void_p, c_int64, c_double),
    "avsvt_audio_noise": (c_void_p, _handle, c_int64, c_double, c_int32, c_char_p,
                          c_uint64),
    "avsvt_video_open": (_out, _handle, c_char_p, POINTER(VideoOptions)),
    "avsvt_video_open_io": (_out, _handle, POINTER(Io), POINTER(VideoOptions)),
    "avsvt_video_open_frames": (_out, _handle, _handle, POINTER(VideoOptions)),
    "avsvt_video_describe": (_handle, POINTER(VideoInfo)),
    "avsvt_video_read": (_handle, c_void_p, c_size_t, POINTER(c_size_t)),
    "avsvt_video_read_all": (_out, _handle, ProgressFunction, c_void_p),
    "avsvt_landmarks_read": (_out, _handle, c_char_p),
    "avsvt_landmarks_find": (_out, _handle, c_char_p, ProgressFunction, c_void_p),
    "avsvt_mouth_open": (_out, _handle, _handle, POINTER(MouthOptions)),
    "avsvt_tensor_format": (POINTER(Bytes), _handle, c_int32),
    "avsvt_tensor_write": (_handle, c_char_p),
    "avsvt_model_open": (_out, _handle, c_char_p),
    "avsvt_model_open_memory": (_out, _handle, c_void_p, c_size_t, c_char_p),
    "avsvt_model_run": (_out, c_size_t, POINTER(c_size_t), _handle, _out, c_size_t),
    "avsvt_extractor_create": (_out, _handle),
    "avsvt_extractor_run": (_out, _handle, c_void_p, c_size_t),
    "avsvt_extractor_run_video": (_out, _handle, _handle),
    "avsvt_extractor_run_av": (_out, _handle, c_void_p, c_size_t, _handle),
    "avsvt_extraction_open": (_out, _handle, _handle, _handle, POINTER(ExtractOptions)),
    "avsvt_extraction_next": (_out, _handle),
    "avsvt_fusion_create": (_out, _handle),
    "avsvt_fusion_run": (_out, _handle, _handle, _handle),
    "avsvt_fusion_run_timed": (_out, _handle, _handle, _handle, POINTER(FusionTimes)),
    "avsvt_head_create": (_out, _handle),
    "avsvt_head_run": (_out, _handle, _handle, c_double),
    "avsvt_activations_create": (_out, _handle, POINTER(ActivationsInfo), c_void_p,
                                 c_void_p, c_void_p),
    "avsvt_activations_create_heard": (_out, _handle, POINTER(ActivationsInfo), c_void_p,
                                       c_void_p, c_void_p, c_void_p),
    "avsvt_notes_decode": (_out, _handle, POINTER(NotesOptions)),
    "avsvt_notes_create": (_out, _handle, POINTER(NoteRecord), c_size_t),
    "avsvt_notes_read": (_out, _handle, c_char_p),
    "avsvt_notes_write": (_handle, c_char_p, POINTER(ExportOptions)),
    "avsvt_notes_format": (POINTER(Bytes), _handle, POINTER(ExportOptions)),
    "avsvt_metrics_notes": (POINTER(NotesScoresRecord), _handle, _handle,
                            POINTER(MetricsOptions)),
    "avsvt_pipeline_open": (_out, _handle, c_char_p, POINTER(PipelineOptions)),
    "avsvt_pipeline_create": (_out, _handle, POINTER(PipelineOptions)),
    "avsvt_pipeline_notes": (_out, _handle, c_char_p, POINTER(RunOptions)),
    "avsvt_pipeline_notes_audio": (_out, _handle, _handle, POINTER(RunOptions)),
    "avsvt_pipeline_activations": (_out, _handle, _handle, POINTER(RunOptions)),
    "avsvt_pipeline_features": (_out, _handle, _handle, _handle),
    "avsvt_job_start": (_out, _handle, c_char_p, POINTER(RunOptions)),
    "avsvt_job_take_notes": (_out, _handle),
    "avsvt_stream_open": (_out, _handle, c_char_p, POINTER(StreamOptions)),
    "avsvt_stream_create": (_out, _handle, POINTER(StreamOptions)),
    "avsvt_dataset_prepare": (_handle, c_char_p, c_char_p, c_char_p,
                              POINTER(DatasetOptions), POINTER(DatasetReport),
                              DatasetFunction, c_void_p),
    "avsvt_trainer_open": (_out, _handle, c_char_p),
    "avsvt_trainer_create": (_out, _handle, c_char_p),
    "avsvt_trainer_add": (_handle, c_void_p, c_int64, c_double, _handle),
    "avsvt_trainer_run": (_handle, TrainFunction, c_void_p),
    "avsvt_trainer_step": (_handle, POINTER(c_char_p), _out, c_size_t, POINTER(TrainReport)),
    "avsvt_trainer_describe": (_handle, POINTER(TrainReport)),
    "avsvt_trainer_model": (_out, _handle),
    "avsvt_trainer_write": (_handle, c_char_p),
    "avsvt_augment_open": (_out, _handle, c_char_p),
    "avsvt_augment_create": (_out, _handle, c_char_p, c_char_p),
    "avsvt_augment_run": (_out, _out, _handle, c_void_p, c_int64, c_double, _handle,
                          c_uint64),
    "avsvt_activations_note": (_handle, c_double, c_double, POINTER(NoteRecord)),
    "avsvt_notes_move": (_out, _handle, c_size_t, c_double, c_double, _handle,
                         POINTER(c_size_t)),
    "avsvt_notes_split": (_out, _handle, c_size_t, c_double, _handle, POINTER(c_size_t)),
    "avsvt_notes_merge": (_out, _handle, c_size_t, c_size_t, _handle, POINTER(c_size_t)),
    "avsvt_notes_remove": (_out, _handle, c_size_t),
    "avsvt_notes_add": (_out, _handle, POINTER(NoteRecord), _handle, POINTER(c_size_t)),
    "avsvt_feed_open": (_out, _handle, POINTER(FeedOptions)),
    "avsvt_feed_wait": (_handle,),
    "avsvt_chart_open": (_out, _handle, c_char_p, POINTER(ChartOptions)),
    "avsvt_chart_create": (_out, _handle, _handle),
    "avsvt_scorer_create": (_out, _handle, POINTER(ScorerOptions)),
    "avsvt_scorer_push_notes": (_handle, _handle),
    "avsvt_scorer_push_activations": (_handle, _handle),
}

# The others: result, arguments.
_PLAIN = {
    "avsvt_version_string": (c_char_p,),
    "avsvt_status_name": (c_char_p, c_int32),
    "avsvt_bytes_free": (None, POINTER(Bytes)),
    "avsvt_context_ref": (_handle, _handle),
    "avsvt_tensor_dtype": (c_int32, _handle),
    "avsvt_tensor_ndim": (c_int32, _handle),
    "avsvt_tensor_size": (c_int64, _handle, c_int32),
    "avsvt_tensor_data": (c_void_p, _handle),
    "avsvt_tensor_ref": (_handle, _handle),
    "avsvt_model_get": (c_char_p, _handle, c_char_p),
    "avsvt_model_manifest": (c_char_p, _handle),
    "avsvt_model_path": (c_char_p, _handle),
    "avsvt_model_ref": (_handle, _handle),
    "avsvt_activations_describe": (c_int32, _handle, POINTER(ActivationsInfo)),
    "avsvt_activations_logits": (c_void_p, _handle),
    "avsvt_activations_fine": (c_void_p, _handle),
    "avsvt_activations_level": (c_void_p, _handle),
    "avsvt_activations_voice": (c_void_p, _handle),
    "avsvt_notes_count": (c_size_t, _handle),
    "avsvt_notes_get": (c_int32, _handle, c_size_t, POINTER(NoteRecord)),
    "avsvt_format_from_path": (c_int32, c_char_p),
    "avsvt_format_from_name": (c_int32, c_char_p),
    "avsvt_midi_velocity": (c_int32, c_float),
    "avsvt_pipeline_rate_hz": (c_double, _handle),
    "avsvt_pipeline_picture_hz": (c_double, _handle),
    "avsvt_pipeline_picture_side": (c_int32, _handle),
    "avsvt_pipeline_backend": (c_char_p, _handle),
    "avsvt_dataset_name": (c_char_p, c_size_t),
    "avsvt_job_state": (c_int32, _handle),
    "avsvt_job_progress": (c_double, _handle),
    "avsvt_job_cancel": (None, _handle),
    "avsvt_stream_push": (c_int32, _handle, c_void_p, c_size_t),
    "avsvt_stream_finish": (c_int32, _handle),
    "avsvt_stream_poll": (c_int32, _handle, POINTER(StreamEvent)),
    "avsvt_stream_poll_frame": (c_int32, _handle, POINTER(StreamFrame)),
    "avsvt_stream_describe": (c_int32, _handle, POINTER(StreamInfo)),
    "avsvt_stream_reset": (c_int32, _handle),
    "avsvt_activations_pitch": (c_int32, _handle, c_int64, c_int64, c_void_p),
    "avsvt_feed_free": (None, _handle),
    "avsvt_feed_push": (c_int32, _handle, c_void_p, c_size_t),
    "avsvt_feed_finish": (None, _handle),
    "avsvt_feed_cancel": (None, _handle),
    "avsvt_feed_poll": (c_int32, _handle, POINTER(NoteRecord)),
    "avsvt_feed_poll_frame": (c_int32, _handle, POINTER(FeedFrame)),
    "avsvt_feed_describe": (c_int32, _handle, POINTER(FeedInfo)),
    "avsvt_chart_describe": (c_int32, _handle, POINTER(ChartInfo)),
    "avsvt_chart_get": (c_int32, _handle, c_size_t, POINTER(ChartNoteRecord)),
    "avsvt_chart_ref": (_handle, _handle),
    "avsvt_scorer_push": (c_int32, _handle, c_double, c_double, c_double),
    "avsvt_scorer_note": (c_int32, _handle, c_size_t, POINTER(NotePointsRecord)),
    "avsvt_scorer_line": (c_int32, _handle, c_size_t, POINTER(LinePointsRecord)),
    "avsvt_scorer_total": (c_int32, _handle, POINTER(LinePointsRecord)),
    "avsvt_scorer_reset": (None, _handle),
}
_PLAIN.update((f"avsvt_{kind}_free", (None, _handle)) for kind in (
    "context", "tensor", "audio", "model", "extractor", "extraction", "fusion", "head",
    "activations",
    "notes", "pipeline", "job", "augment", "chart", "scorer", "stream",
    "trainer"))

_PLAIN["avsvt_video_free"] = (None, _handle)

FUNCTIONS = sorted([*_FALLIBLE, *_PLAIN])

_library: ctypes.CDLL | None = None


def _candidates() -> list[str]:
    """Where the library may be, best first."""
    named = os.environ.get("AVSVT_LIBRARY")
    if named:
        return [named]
    here = os.path.dirname(os.path.abspath(__file__))
    beside = [os.path.join(here, SONAME), os.path.join(here, "lib", SONAME)]
    return [path for path in beside if os.path.exists(path)] + [SONAME]


def _load() -> ctypes.CDLL:
    failures = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(f"{path}: {error}")
            continue
        if not hasattr(library, "avsvt_version_string"):
            raise ImportError(f"{path} is not libavsvt. Set AVSVT_LIBRARY to the path of "
                              f"{SONAME}.")
        _declare(library)
        return library
    raise ImportError(
        "libavsvt was not found (" + "; ".join(failures) + "). Install it, or set "
        f"AVSVT_LIBRARY to the path of {SONAME}.")


def _declare(library: ctypes.CDLL) -> None:
    """Tell ctypes the types. A function that an older library lacks is left
    out; using it raises AttributeError with its name."""
    types = {name: (c_int32, *arguments, _error) for name, arguments in _FALLIBLE.items()}
    for name, (result, *arguments) in {**types, **_PLAIN}.items():
        if hasattr(library, name):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments


def library() -> ctypes.CDLL:
    """libavsvt, loaded when first needed. ctypes releases the GIL in calls."""
    global _library
    if _library is None:
        _library = _load()
    return _library
