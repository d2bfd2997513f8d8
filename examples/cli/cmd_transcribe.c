/* SPDX-License-Identifier: MIT */
/* avsvt transcribe: sound -> notes. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "transcribe.h"

static const cli_option options[] = {
    { 'm', "model", CLI_PATH, "MODEL", NULL, 0, 0, CLI_FIELD(model), 0,
      "a model (.pt) or pipeline (.yaml) file; default: the built-in model" },
    { 'o', "output", CLI_OUT, "OUT", NULL, 0, 0, 0, 0,
      "file to write; give it again for the same notes in another format; with several "
      "inputs a folder; - is standard output" },
    { 0, "force", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(force), 0,
      "with a folder: write over results that lie there" },
    { 'f', "format", CLI_CHOICE, "FORMAT", "csv|json|midi|ultrastar|musicxml|svg|html|audacity|jams|text",
      0, 0, CLI_FIELD(format), 0,
      "csv, json, midi, ultrastar, musicxml, svg, html, audacity (a label track), jams, or text "
      "(a list for reading); default: what OUT ends in, else csv, and text in a terminal" },
    { 0, "picture", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(picture), 0,
      "print the list and a picture of the notes" },
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "without -o, or with -o -: the same as -f json; with -o FILE: print what was done as JSON" },
    { 0, "tempo", CLI_NUMBER, "BPM", NULL, 10, 960, CLI_FIELD(tempo), 0,
      "beats a minute in midi, ultrastar and musicxml (default 120)" },
    { 0, "pitch-bend", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(pitch_bend), 0,
      "midi: carry the exact pitch as pitch bend" },
    CLI_THRESHOLD_OPTIONS,
    { 0, "min-duration", CLI_NUMBER, "S", NULL, 0, 60, CLI_FIELD(min_duration),
      CLI_FIELD(min_duration_set),
      "drop notes shorter than this many seconds; 0 keeps all (default: the model's)" },
    { 0, "offset-delay", CLI_NUMBER, "S", NULL, 0, 10, CLI_FIELD(offset_delay),
      CLI_FIELD(offset_delay_set),
      "end notes so many seconds later where no other follows (default: the model's)" },
    { 0, "sung-share", CLI_NUMBER, "X", NULL, 0, 1, CLI_FIELD(sung_share),
      CLI_FIELD(sung_share_set),
      "drop notes around which less than this share of what has a pitch is sung, as in speech; "
      "0: nobody talks, keep all and fill in more (default: the model's)" },
    { 0, "fill", CLI_NUMBER, "S", NULL, 0, 10, CLI_FIELD(fill), CLI_FIELD(fill_set),
      "where somebody sings alone, make notes of clear pitches of at least so many seconds that "
      "the network only half heard; 0: none (default: the model's)" },
    { 0, "hold", CLI_NUMBER, "S", NULL, 0, 10, CLI_FIELD(hold), CLI_FIELD(hold_set),
      "where a pitch goes on in the sound behind its note, hold the note for at most so many "
      "seconds; 0: not at all (default: the model's)" },
    { 0, "rule", CLI_CHOICE, "RULE", "precise|published", 0, 0, CLI_FIELD(rule), 0,
      "precise: ours, with fine pitch; published: as the AV_SVT system decodes (default: the "
      "model's)" },
    { 0, "chunks", CLI_CHOICE, "CHUNKS", "overlap|whole|published", 0, 0, CLI_FIELD(chunks), 0,
      "how long sound is cut: overlap: pieces with context on both sides; whole: one piece; "
      "published: AV_SVT's utterances of 5 s, for pipeline files (default: the model's)" },
    { 0, "video", CLI_PATH, "FILE", NULL, 0, 0, CLI_FIELD(video), 0,
      "the singer, for a pipeline file with video: a video file of the face, or crops of the "
      "mouth (.npy, .npz, or a video file)" },
    { 0, "face-model", CLI_PATH, "FILE", NULL, 0, 0, CLI_FIELD(face_model), 0,
      "find the mouth of a face with this dlib model of 68 landmarks (default: Debian's in "
      "/usr/share/dlib, where it is; that one must not be used commercially)" },
    { 0, "landmarks", CLI_PATH, "FILE", NULL, 0, 0, CLI_FIELD(landmarks), 0,
      "the 68 landmarks of each picture of the video, as for 'avsvt crop'" },
    { 0, "landmarks-rate", CLI_NUMBER, "HZ", NULL, 1, 1000, CLI_FIELD(landmarks_rate), 0,
      "landmarks a second in FILE (default: a set for each picture of the video)" },
    { 0, "mean-face", CLI_PATH, "FILE", NULL, 0, 0, CLI_FIELD(mean_face), 0,
      "the mean face of the model's training, .npy [68, 2] (default: one of ours)" },
    { 0, "video-rate", CLI_NUMBER, "HZ", NULL, 0.1, 1000, CLI_FIELD(video_rate), 0,
      "pictures a second in an .npy or .npz (default 50)" },
    { 0, "video-start", CLI_NUMBER, "S", NULL, -100000, 100000, CLI_FIELD(video_start), 0,
      "when the video begins, in seconds of the sound (default 0)" },
    CLI_DEVICE_OPTIONS,
    CLI_OPTIONS_END,
};

/* In the library 0 asks for the default, and a negative number for none. */
static double or_none(int is_set, double value)
{
    return !is_set ? 0 : value > 0 ? value : -1;
}

static void decoding(avsvt_notes_options *o, const cli_args *args)
{
    if (args->rule)
        o->rule = !strcmp(args->rule, "published") ? AVSVT_RULE_PUBLISHED
                                                   : AVSVT_RULE_PRECISE;
    o->onset_threshold = args->onset_threshold;
    o->offset_threshold = args->offset_threshold;
    o->min_duration_s = or_none(args->min_duration_set, args->min_duration);
    o->offset_delay_s = or_none(args->offset_delay_set, args->offset_delay);
    o->sung_share = or_none(args->sung_share_set, args->sung_share);
    o->fill_s = or_none(args->fill_set, args->fill);
    o->hold_s = or_none(args->hold_set, args->hold);
}

/* Sets w->stopped, without a word, where it was not carried through. */
static int transcribe_sound(cli_transcription *w, const cli_sound *sound)
{
    int status = 0;
    avsvt_notes_options decode = AVSVT_NOTES_OPTIONS_INIT;
    avsvt_run_options run_options = AVSVT_RUN_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    cli_progress progress;
    decoding(&decode, w->args);
    cli_progress_begin(&progress, sound->name, w->args->quiet);
    run_options.progress = cli_progress_tell;
    run_options.user = &progress;
    run_options.notes = &decode;
    run_options.video = w->mouth;
    run_options.crops_start_s = w->args->video_start;
    avsvt_status failed = avsvt_pipeline_notes_audio(&notes, w->pipeline, sound->audio,
                                                     &run_options, &err);
    double spent = cli_clock_s() - progress.start_s;
    double duration = sound->duration_s > 0 ? sound->duration_s : progress.done_s;
    cli_progress_end(&progress);
    if (cli_interrupted() && (!failed || failed == AVSVT_E_CANCELLED))
        w->stopped = 1;
    else if (failed && err.message[0] && !strstr(err.message, sound->name))
        status = cli_fail("%s: %s", sound->name, err.message);
    else if (failed)
        status = cli_error(&err);
    else
        status = cli_transcribe_deliver(w, notes, sound, duration, spent);
    avsvt_notes_free(notes);
    return status;
}

static int transcribe_one(cli_transcription *w, const char *input)
{
    cli_sound sound;
    int status = cli_transcribe_open(w, &sound, input);
    if (status)
        return status;
    if (w->folder)
        status = cli_transcribe_check_place(w, &sound);
    if (!status)
        status = transcribe_sound(w, &sound);
    cli_sound_close(&sound);
    avsvt_video_free(w->mouth);
    w->mouth = NULL;
    return status;
}

static int32_t chunks_of(const cli_args *args)
{
    if (!args->chunks)
        return AVSVT_CHUNKS_DEFAULT;
    if (!strcmp(args->chunks, "published"))
        return AVSVT_CHUNKS_PUBLISHED;
    return !strcmp(args->chunks, "whole") ? AVSVT_CHUNKS_WHOLE : AVSVT_CHUNKS_OVERLAP;
}

static int transcribe_all(cli_transcription *w)
{
    const cli_args *args = w->args;
    int status = 0, i = 0;
    for (; i < args->input_count && !cli_interrupted(); i++) {
        if (i && !w->folder)
            putchar('\n');
        int one = transcribe_one(w, args->inputs[i]);
        if (w->stopped)
            break;
        status = status ? status : one;
    }
    if (i == args->input_count)
        return status;
    if (args->input_count > 1) /* those before it are done */
        return cli_fail("stopped; nothing was written of %s and those after it",
                        args->inputs[i]);
    return cli_fail("stopped; nothing was written");
}

static int run(const cli_args *args)
{
    cli_transcription w = { .args = args };
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline_options open = AVSVT_PIPELINE_OPTIONS_INIT;
    int status = cli_transcribe_check(&w);
    open.chunks = chunks_of(args);
    if (status)
        return status;
    cli_catch_interrupts();
    status = cli_context(&w.context, args);
    if (!status && avsvt_pipeline_open(&w.pipeline, w.context, args->model, &open, &err))
        status = cli_error(&err);
    if (!status && args->video)
        status = cli_transcribe_see(&w, args->video);
    if (!status && w.folder)
        status = cli_make_folder(w.folder);
    if (!status)
        status = transcribe_all(&w);
    if (w.pipeline)
        cli_transcribe_report_end(&w);
    avsvt_video_free(w.mouth);
    avsvt_pipeline_free(w.pipeline);
    avsvt_context_free(w.context);
    return status;
}

const cli_command cli_transcribe = {
    "transcribe", "IN...", "sound, and sight -> notes (CSV, JSON, MIDI, SVG, HTML, ...)",
    "Writes the notes that are sung in a recording. IN is any sound file (WAV, FLAC, OGG, Opus, "
    "MP3, AIFF, ...) or - for standard input. Without -o a terminal gets a list to read and a "
    "pipe gets CSV: onset, offset, pitch; seconds and MIDI number with fraction.\n\n"
    "A pipeline file (-m FILE.yaml) with video: looks at the singer too: --video, beside the sound "
    "of IN, which may be the same file. One that only sees takes the video as IN; one of both "
    "takes a video without sound as IN too, or sound alone, and says so. Where pictures are "
    "larger than twice what the model takes they show a face, of which the mouth is cut out as "
    "'avsvt crop' does; look at its .html if notes are odd.\n\n"
    "With several inputs OUT is a folder and each result is named after its input; nothing that "
    "lies there is written over without --force. An input that fails is told of and the others are "
    "still done. Ctrl-C stops and leaves no half file.",
    "  avsvt transcribe song.flac                         # a list\n"
    "  avsvt transcribe song.flac -o song.mid -o song.html\n"
    "  avsvt transcribe --tempo 96 --pitch-bend song.mp3 -o song.mid\n"
    "  avsvt transcribe *.wav -f csv -o notes/\n"
    "  avsvt transcribe clip.mp4 -m av.yaml --video clip.mp4 # sound and sight\n"
    "  avsvt transcribe clip.mp4 -o clip.mid                # the sound of a video\n"
    "  sox song.wav -t wav - speed 0.5 | avsvt transcribe - > notes.csv\n",
    NULL, 1, -1, options, run,
};
