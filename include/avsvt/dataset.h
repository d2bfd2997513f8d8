/* SPDX-License-Identifier: MIT */
/** @file dataset.h
 *  Published data sets, as they come, to the lists that training reads.
 *
 *  Every set of notes gives, in the folder that is written to:
 *
 *  - train.csv, valid.csv, test.csv (those that the set has), with the columns
 *    sound, notes, and of a set with videos video (empty where a song has none):
 *    our lists, a song a row; recipes name them;
 *  - notes/SONG.csv: onset, offset, pitch;
 *  - what AV_SVT's own programs read, cut as the paper cuts: NAME_train.csv
 *    and so on with the columns ID, duration, wav, utter_id, utter_num,
 *    frame_anno, song_anno, and the labels that they name (a list of notes in
 *    JSON, frame labels in NumPy's format).
 *
 *  Sound stays where it is and is named by its whole path; AV_SVT's programs
 *  want it at 16 kHz, training here takes any rate.
 *
 *  | name | laid out as | lists |
 *  |---|---|---|
 *  | mir-st500, tonas, ismir2014 | Annotations.json: {SONG: [[onset, offset, pitch], ...]}; SONG/vocals.wav, in FOLDER or a folder in it | mir-st500: songs 1 to 400 train, the others test; tonas, ismir2014: test |
 *  | n20emv2 | annotations.json: {SONG: {"split": train, valid or test, "midi": [[onset, offset, pitch], ...]}}; data/SONG/vocals.wav; for lists of video data/SONG/video_50fps.npy; for lists of stored features data/SONG/noise_data/video_feats.pt, clean_feats.pt, KIND/SNR_-5dB_feats.pt (torch.save of [frames, width]) | by "split"; with features av_n20em_SPLIT.csv and av_n20em_KIND_-5dB_SPLIT.csv with ID, duration, audio, video, utter_id, utter_num, frame_anno, song_anno |
 *  | n20em | metadata_split_by_song.json: {ID: {"split", "lyrics"}}; data/ID/downsample_audio.wav, downsample_accomp.wav, video.mp4 | by "split": n20em_SPLIT.csv with ID, duration, wav, wrd; n20em_accomp_SPLIT.csv with accomp; video_n20em_SPLIT.csv with ID, frame, mp4, wrd (the media module); text_SPLIT.txt for language models |
 *  | dsing | folders train1, train3, train30, dev, test with ID.wav and transcription.txt (a line "ID WORDS") | one per folder, with ID, duration, wav, spk_id, wrd; over 28 s or with digits is left out; text_FOLDER.txt, and text_long_train30.txt with longer ones, for language models |
 *  | librispeech | train-clean-100 ... test-other, in FOLDER or in LibriSpeech in it, with SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt | text_train.txt, text_valid.txt, text_test.txt for language models (N20EM's: this, DSing's text_long_train30.txt and N20EM's own, one behind the other) |
 *  | mix | folders that mir-st500 and n20emv2 were prepared into, in FOLDER | mix_train.csv: the rows of mir_st500_train.csv, then those of n20em_train.csv |
 *  | folder | SONG.wav, .flac, .ogg, .mp3, ... with SONG.csv or .txt (onset, offset, pitch) beside it, in FOLDER or in train, valid (or dev) and test in it | by folder, else all train |
 *  | midi | the same with SONG.mid | the same |
 *
 *  A song without sound or notes is left out and told of. One with a note that lies
 *  outside its sound stays in, and the context's log warns of it; so it does of songs
 *  without a video where others have one, which are in the lists of sound alone. One
 *  whose files can not be read (AVSVT_E_IO: too many files are open, a disk fails, no
 *  permission) makes the call fail. A failure leaves no empty folder that it made. */
#ifndef AVSVT_DATASET_H
#define AVSVT_DATASET_H

#include <avsvt/context.h>

AVSVT_BEGIN_DECLS

/** Choices; zero in a field selects its default. */
typedef struct avsvt_dataset_options {
    uint32_t struct_size; /**< Set by AVSVT_DATASET_OPTIONS_INIT. */
    uint32_t reserved;    /**< Must be 0. */
    double   valid_share; /**< 0..0.9: where a set has no songs for validation,
                               this share of its training songs, spread evenly,
                               become them. Default: none. */
    double   utterance_s; /**< 0.5..3600: how long the pieces of AV_SVT's lists
                               are; default 5. */
} avsvt_dataset_options;
#define AVSVT_DATASET_OPTIONS_INIT \
    { sizeof(avsvt_dataset_options), 0u, 0.0, 0.0 }

/** What was found. Grows at the end only. */
typedef struct avsvt_dataset_report {
    uint32_t struct_size; /**< Set by AVSVT_DATASET_REPORT_INIT. */
    uint32_t reserved;    /**< 0. */
    uint64_t train;       /**< Songs, or sung phrases, in train lists. */
    uint64_t valid;       /**< ... in valid (or dev) lists. */
    uint64_t test;        /**< ... in test lists. */
    uint64_t left_out;    /**< Left out. */
    double   sound_s;     /**< Seconds of sound in all lists. */
    char     reason[256]; /**< Why the first one was left out; "" if none. */
} avsvt_dataset_report;
#define AVSVT_DATASET_REPORT_INIT \
    { sizeof(avsvt_dataset_report), 0u, 0, 0, 0, 0, 0.0, { 0 } }

/** Told before each song, on the calling thread.
 *  @return 0 to go on, anything else to stop with AVSVT_E_CANCELLED. */
typedef int32_t (*avsvt_dataset_fn)(void *user, const char *song);

/** Name of data set @p i, from 0.
 *  @return [borrowed] a static string; NULL behind the last one.
 *  @thread any  @rt yes  @since 0.1 */
AVSVT_API const char *avsvt_dataset_name(size_t i);

/** Read a data set and write its lists. The lists are written last, each whole
 *  or not at all.
 *  @param context [borrowed] NULL for the default.
 *  @param name   [borrowed] as avsvt_dataset_name() gives.
 *  @param folder [borrowed] where the set lies; nothing in it is changed.
 *  @param out    [borrowed] the folder to write to; made where there is none.
 *  @param opts   [borrowed] NULL for defaults.
 *  @param report [out] at most report->struct_size bytes; may be NULL.
 *  @param progress may be NULL.
 *  @param user   [borrowed] handed to @p progress.
 *  @param err    [out] may be NULL.
 *  @return AVSVT_OK; AVSVT_E_ARG (unknown name, a value out of range);
 *          AVSVT_E_NOT_FOUND (no folder, no annotations); AVSVT_E_FORMAT
 *          (annotations that are damaged, or nothing that can be used);
 *          AVSVT_E_UNSUPPORTED (a newer option); AVSVT_E_CANCELLED;
 *          AVSVT_E_IO; AVSVT_E_NOMEM.
 *  @thread any  @rt no  @since 0.1 */
AVSVT_API avsvt_status avsvt_dataset_prepare(avsvt_context *context,
    const char *name, const char *folder, const char *out,
    const avsvt_dataset_options *opts, avsvt_dataset_report *report,
    avsvt_dataset_fn progress, void *user, avsvt_error *err);

AVSVT_END_DECLS
#endif /* AVSVT_DATASET_H */
