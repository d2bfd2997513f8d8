/* SPDX-License-Identifier: MIT */
/* What the commands of `avsvt` share. Each cmd_*.c brings one cli_command:
 * its options, words for --help, and a function. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include <avsvt/avsvt.h>

#if defined(__GNUC__)
#  define CLI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#  define CLI_PRINTF(text, first)
#endif

/* Exit statuses; they are part of the interface. Work that was stopped by a signal
 * ends by that signal. */
#define CLI_DONE 0
#define CLI_FAILED 1
#define CLI_USAGE 2

#define CLI_MAX_OUTS 16 /* how often -o may be given */

/* Everything that any option can set. A command looks at what its table lists. */
typedef struct cli_args {
    const char **inputs;
    int input_count;
    const char *outs[CLI_MAX_OUTS];
    int out_count;
    const char *model, *format, *device, *precision, *backend, *rule, *chunks;
    const char *engine, *raw, *input;
    const char *completion;
    const char *video;
    double tempo, onset_threshold, offset_threshold, min_duration, offset_delay, sung_share, fill,
           hold;
    double snr;
    double onset_tolerance, pitch_tolerance, offset_ratio, offset_tolerance;
    double valid_share, utterance, seed;
    const char *noise, *list;
    double threads, runs, transpose, delay, voice;
    const char *landmarks, *face_model, *mean_face, *smoothing;
    double rate, landmarks_rate, size, window;
    int whole_picture;
    double video_rate, video_start;
    int pitch_bend, picture, force, json, quiet, man, help;
    int min_duration_set, offset_delay_set, sung_share_set, fill_set, hold_set, snr_set,
        strict_octave;
    double seconds;
    int alsa, jack, curve, fast, list_inputs, live;
    double processes;
} cli_args;

typedef enum cli_kind {
    CLI_FLAG,   /* no value; sets an int */
    CLI_TEXT,   /* any value */
    CLI_PATH,   /* a file or folder; completion offers files */
    CLI_OUT,    /* a path that may be given several times */
    CLI_CHOICE, /* one of `choices`, words with | between */
    CLI_NUMBER, /* low..high */
    CLI_COUNT   /* a whole number, low..high */
} cli_kind;

typedef struct cli_option {
    char short_name;         /* 0: none */
    const char *name;        /* without the two dashes; NULL ends a table */
    cli_kind kind;
    const char *value;       /* what --help calls the value */
    const char *choices;     /* CLI_CHOICE */
    double low, high;        /* CLI_NUMBER, CLI_COUNT */
    size_t field;            /* offset in cli_args */
    size_t set;              /* offset of an int that becomes 1; 0: none */
    const char *help;
} cli_option;

typedef struct cli_command {
    const char *name;
    const char *operands;    /* such as "IN..." */
    const char *summary;     /* one line of `avsvt help` */
    const char *about;       /* paragraphs for --help */
    const char *examples;    /* lines, each "command\n" after "  # what" */
    const char *words;       /* fixed words that completion offers, or NULL */
    int min_inputs, max_inputs; /* max -1: any number */
    const cli_option *options;
    int (*run)(const cli_args *args);
} cli_command;

extern const cli_command cli_transcribe, cli_evaluate, cli_mix, cli_prepare, cli_info,
    cli_bench, cli_sing, cli_train, cli_crop, cli_help;
extern const cli_command cli_listen;
extern const cli_command *const cli_commands[]; /* closed by NULL */
extern const cli_option cli_common_options[];
const cli_command *cli_find_command(const char *name);

/* options.c: 0, or CLI_USAGE after saying what is wrong. `args->inputs` points
 * into argv, which is reordered. */
int cli_parse(cli_args *args, const cli_command *command, int argc, char **argv);

/* help.c */
void cli_print_help(FILE *to, const cli_command *command);
void cli_print_overview(FILE *to);

/* output.c: messages. cli_fail: prints `avsvt: ...`, gives CLI_FAILED. */
int cli_fail(const char *format, ...) CLI_PRINTF(1, 2);
int cli_usage(const char *format, ...) CLI_PRINTF(1, 2);
void cli_note(const char *format, ...) CLI_PRINTF(1, 2); /* `avsvt: note: ...` */
void cli_tell(const char *format, ...) CLI_PRINTF(1, 2); /* what was done */
/* While a screen is drawn they wait, where they would be drawn into it. */
void cli_hold_messages(void);
void cli_say_held(void);
/* A name as it is, but for what would end a line or move a cursor. */
void cli_put(FILE *to, const char *text);
/* Bytes of the UTF-8 character at c; 0: it is none. */
int cli_utf8_length(const unsigned char *c);
int cli_error(const avsvt_error *err); /* CLI_FAILED */
int cli_close_stdout(void);            /* flushes; says what went wrong */

/* characters.c: the one at *text, which then is behind it, and its columns */
long cli_character(const char **text, int *columns);
/* For tables: a text's columns, and itself with blanks up to so many. */
int cli_width(const char *text);
void cli_pad(FILE *to, const char *text, int width);

/* output.c: values of JSON */
void cli_json_string(FILE *to, const char *text);
void cli_json_number(FILE *to, double value);

/* list.c: notes for people */
void cli_note_name(char name[8], double pitch, int *cents);
void cli_print_notes(FILE *to, const avsvt_notes *notes, const char *title,
                     double duration_s);
void cli_print_picture(FILE *to, const avsvt_notes *notes, double duration_s);
int cli_unicode(void); /* can the terminal show it? */
int cli_columns(void); /* of the terminal, 80 when there is none */

/* interrupt.c: the first Ctrl-C or TERM asks to stop, the second ends at once */
void cli_catch_interrupts(void);
/* The same signals to another handler, as far as the caller did not have them
 * ignored; and back to what had them before. */
void cli_catch(void (*handler)(int number));
void cli_catch_as_before(void);
void cli_interrupt(int number); /* what its handler does */
int cli_interrupted(void);      /* the signal's number, or 0 */
int cli_end(int status);        /* returns status, unless the work was stopped */

/* processes.c: run in count processes, each of which goes on with what this
 * returns; in the one that started them when all have ended. */
#define CLI_MAX_PROCESSES 64
int cli_in_processes(const cli_args *args, int count, int (*run)(const cli_args *));

/* progress.c: a line on standard error, only where that is a terminal */
typedef struct cli_progress {
    const char *name;
    int shown;         /* is there a line to wipe away? */
    int enabled;
    double start_s;    /* of the clock */
    double last_s;
    double done_s, total_s; /* as last told */
} cli_progress;
double cli_clock_s(void);
void cli_progress_begin(cli_progress *p, const char *name, int quiet);
int32_t cli_progress_tell(void *progress, double done_s, double total_s);
void cli_progress_end(cli_progress *p);

/* files.c */
const char *cli_base(const char *path);
char *cli_stem(const char *path);           /* owned; NULL: out of memory */
char *cli_join(const char *folder, const char *stem, const char *ending);
int cli_is_folder(const char *path);
int cli_is_pipe(const char *path);
const char *cli_input(const char *path);    /* - is standard input's path */
int cli_same_file(const char *a, const char *b);
int cli_make_folder(const char *path);      /* with those above it; 0 or status */
int cli_can_write(const char *path);        /* 0 or status, said */
int cli_notes_rank(const char *path);       /* of a file of notes, 0 goes first; -1: none */
/* All of it; name is for messages. 0 or status. */
int cli_read_stream(FILE *from, const char *name, char **data, size_t *size);

/* files.c: text written beside its path and renamed when it is whole, as the
 * library writes. cli_create: NULL after saying why; cli_commit: 0 or status. */
typedef struct cli_file {
    FILE *to;
    const char *path;
    char *real;      /* where links lead to */
    char *temporary; /* NULL: a pipe or a device, written directly */
} cli_file;
FILE *cli_create(cli_file *file, const char *path);
int cli_commit(cli_file *file);

/* mouth.c: the mouth of a face in the video at path, at rate_hz pictures a second
 * (0: its own); *rate: what that is. 0, or CLI_FAILED after saying why. */
int cli_mouth_open(avsvt_video **out, double *rate, const cli_args *args,
                   avsvt_context *context, const char *path, double rate_hz);

/* context.c: from --device, --threads, --precision, --backend */
int cli_context(avsvt_context **out, const cli_args *args);

#define CLI_FIELD(name) offsetof(cli_args, name)
#define CLI_ENDINGS ".csv, .json, .jams, .mid, .txt, .musicxml, .svg or .html"
#define CLI_OPTIONS_END { 0, NULL, CLI_FLAG, NULL, NULL, 0, 0, 0, 0, NULL }
#define CLI_DEVICE_OPTIONS \
    { 0, "precision", CLI_CHOICE, "P", "fp32|fp16|bf16", 0, 0, \
      CLI_FIELD(precision), 0, "numbers that libtorch computes with: fp32 (default), " \
      "fp16 or bf16; plain C has fp32" }, \
    { 0, "backend", CLI_CHOICE, "B", "auto|native|torch|null", 0, 0, \
      CLI_FIELD(backend), 0, "what runs the network: native, plain C; torch, libtorch; " \
      "null, numbers of no meaning, for tests; auto (default) takes the first that can" }
#define CLI_THRESHOLD_OPTIONS \
    { 0, "onset-threshold", CLI_NUMBER, "X", NULL, 0.001, 1, CLI_FIELD(onset_threshold), 0, \
      "how sure a note's start must be, up to 1 (default: the model's)" }, \
    { 0, "offset-threshold", CLI_NUMBER, "X", NULL, 0.001, 1, CLI_FIELD(offset_threshold), 0, \
      "how sure silence must be to end a note, up to 1 (default: the model's)" }
#define CLI_INPUT_OPTION \
    { 0, "input", CLI_TEXT, "NAME", NULL, 0, 0, CLI_FIELD(input), 0, \
      "which microphone: its number, or a part of its name" }
#define CLI_RAW_OPTIONS \
    { 0, "raw", CLI_CHOICE, "TYPE", "s16|s32|f32", 0, 0, CLI_FIELD(raw), 0, \
      "standard input is bare samples of one channel: s16, s32 or f32" }, \
    { 0, "rate", CLI_NUMBER, "HZ", NULL, 8000, 192000, CLI_FIELD(rate), 0, \
      "their sample rate" }

#endif
