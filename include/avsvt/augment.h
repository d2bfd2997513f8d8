/* SPDX-License-Identifier: MIT */
/** @file augment.h
 *  Training sound made more varied. Stage: samples and notes -> [augment] ->
 *  other samples and the notes that belong to them.
 *
 *  A chain is a list of steps in YAML, alone in a file or under `augment:` in
 *  a recipe or a model's manifest (avsvt_model_manifest()):
 *
 *      augment:
 *        - {step: pitch, semitones: [-3, 3], probability: 0.5}
 *        - {step: stretch, factor: [0.85, 1.2], probability: 0.3}
 *        - {step: reverb, rt60_s: [0.1, 0.6], wet_db: [-20, -4], probability: 0.4}
 *        - {step: mix, folder: backing, snr_db: [-4, 18], probability: 0.55}
 *        - {step: noise, kind: pink, snr_db: [12, 50], probability: 0.5}
 *        - {step: gain, db: [-16, 3]}
 *
 *  A number may be given alone or as a range [low, high] to draw from evenly.
 *  `probability` (default 1) says how often a step acts. Folders are relative
 *  to the file. The steps, with what they must be given (!) or have a default
 *  for:
 *
 *  | step | numbers | does |
 *  |---|---|---|
 *  | gain | db! | louder or softer |
 *  | peak | db! | scales so that the loudest sample is there; 0 is full scale |
 *  | clip | db! | cuts what is above this level under the loudest sample |
 *  | speed | factor! | plays faster: pitch rises with it (libsoxr) |
 *  | pitch | semitones! | pitch alone (SoundTouch) |
 *  | stretch | factor! | time alone; 2 is twice as fast (SoundTouch) |
 *  | noise | snr_db!; kind: white, pink | noise under the sound |
 *  | mix | snr_db!, folder! | pieces of the folder's recordings under the sound |
 *  | accompaniment | snr_db!, tunes (100), first (0), soundfont | a made band under the sound: chords, bass, drums, melody (the synth module) |
 *  | babble | snr_db!, folder!, voices (20) | that many of them at a time |
 *  | reverb | rt60_s!, wet_db (-12), delay_ms (0 to 20), damping_hz (2000 to 8000) | a made room; what sounds directly keeps its time |
 *  | eq | db! (largest boost or cut), points (8) | a smooth curve over frequency |
 *  | band | low_hz (0), high_hz (0: all) | only these frequencies, as a telephone |
 *  | drop_frequencies | count (0 to 3), at (0 to 1 of half the rate) | notches; MM_ALT's |
 *  | drop_chunks | count (0 to 5), samples (1000 to 2000) | silent pieces; MM_ALT's |
 *  | resample | percent (one of 95, 100, 105) | MM_ALT's change of speed |
 *
 *  Each of the tunes of `accompaniment` (numbers `first` and on: what is tested
 *  with need not have been trained with) is 40 s long, composed by chance out of
 *  its number alone, and played once, when it is first wanted, by FluidSynth
 *  with the instruments of `soundfont` (a file; else the variable
 *  AVSVT_SOUNDFONT, else what Debian's fluid-soundfont-gm installs).
 *
 *  Noise is mixed by avsvt_audio_mix(), the papers' rule, and so nothing is
 *  heard where the sound itself is silent throughout. SoundTouch (LGPL) is
 *  loaded with the first chain that has pitch or stretch in it; Debian has it in libsoundtouch1.
 *  It keeps times to a few milliseconds; all other steps keep them exactly. */
#ifndef AVSVT_AUGMENT_H
#define AVSVT_AUGMENT_H

#include <avsvt/notes.h>
#include <avsvt/tensor.h>

AVSVT_BEGIN_DECLS

typedef struct avsvt_augment avsvt_augment; /**< Immutable; shareable. */

/** Read a chain of steps from a YAML file: a list, or a mapping that holds one
 *  under `augment`. Recordings are looked for now and read when needed; of
 *  each step's folder up to 512 MB are kept.
 *  @param out  [out, owned] free with avsvt_augment_free(); NULL on failure.
 *  @param context [borrowed] NULL for the default.
 *  @param path [borrowed] UTF-8.
 *  @param err  [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG; AVSVT_E_NOT_FOUND (the file, or a folder or
 *          SoundFont that it names); AVSVT_E_MODULE (accompaniment without the
 *          synth module, pitch or stretch without SoundTouch); AVSVT_E_IO;
 *          AVSVT_E_FORMAT (no YAML, an unknown step or key, a number out of
 *          range, a folder without sound: the message says which);
 *          AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_augment_open(avsvt_augment **out,
    avsvt_context *context, const char *path, avsvt_error *err);

/** The same from text.
 *  @param yaml   [copied] UTF-8, ends with a zero.
 *  @param folder [copied] what the text's folders are relative to; NULL for
 *                the current one.
 *  @return as avsvt_augment_open().
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_augment_create(avsvt_augment **out,
    avsvt_context *context, const char *yaml, const char *folder,
    avsvt_error *err);

/** Run the chain once. The result depends on the arguments alone: not on
 *  earlier calls, nor on the number of threads. Levels of notes become 0, not
 *  known.
 *  @param out       [out, owned] float32 [samples] at the same rate, free with
 *                   avsvt_tensor_free(); NULL on failure.
 *  @param out_notes [out, owned] where the notes are now, free with
 *                   avsvt_notes_free(); NULL on failure. May be NULL.
 *  @param chain     [borrowed]
 *  @param samples   [borrowed] @p count mono samples, full scale +-1.
 *  @param count     0 or more.
 *  @param rate_hz   AVSVT_MIN_RATE_HZ..AVSVT_MAX_RATE_HZ.
 *  @param notes     [borrowed] NULL: none.
 *  @param seed      any number; another gives another result.
 *  @param err       [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (also a sample that is not a number);
 *          AVSVT_E_IO, AVSVT_E_FORMAT (a recording of the chain can't be read);
 *          AVSVT_E_NOMEM.
 *  @thread any; several may share @p chain  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_augment_run(avsvt_tensor **out,
    avsvt_notes **out_notes, const avsvt_augment *chain, const float *samples,
    int64_t count, double rate_hz, const avsvt_notes *notes, uint64_t seed,
    avsvt_error *err);

/** Release the chain; NULL is allowed.  @thread any  @rt no  @since 0.1 */
AVSVT_API void avsvt_augment_free(avsvt_augment *chain);

AVSVT_END_DECLS
#endif /* AVSVT_AUGMENT_H */
