/* SPDX-License-Identifier: MIT */
/* Where avsvt transcribe puts notes: files, standard output, a folder. */
#include "transcribe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT (-1) /* our own format: a list to be read by people */

static int format_number(const char *name)
{
    return !strcmp(name, "text") ? TEXT : avsvt_format_from_name(name);
}

/* The format of one -o; 0 when it cannot be told. */
static int format_of(const cli_args *args, const char *out)
{
    if (args->format)
        return format_number(args->format);
    if (out && strcmp(out, "-"))
        return avsvt_format_from_path(out);
    if (args->json)
        return AVSVT_FORMAT_JSON;
    return args->picture || isatty(STDOUT_FILENO) ? TEXT : AVSVT_FORMAT_CSV;
}

static const char *ending_of(int format)
{
    static const char *const endings[] = { ".txt", ".csv", ".json", ".mid", ".txt",
                                           ".musicxml", ".svg", ".html", ".txt", ".jams" };
    return endings[format == TEXT ? 0 : format];
}

static void export_options(avsvt_export_options *o, const cli_transcription *w, int format,
                           const cli_sound *sound, double duration_s)
{
    o->format = format;
    o->flags = w->args->pitch_bend ? AVSVT_EXPORT_PITCH_BEND : 0u;
    o->tempo_bpm = w->args->tempo;
    o->duration_s = duration_s > 0 ? duration_s : 0;
    o->title = cli_base(sound->name);
    o->audio_path = sound->path;
}

static int print(cli_transcription *w, const avsvt_notes *notes, int format,
                 const cli_sound *sound, double duration_s)
{
    avsvt_export_options options_ = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_bytes bytes = AVSVT_BYTES_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    if (format == TEXT) {
        w->listed = 1;
        cli_print_notes(stdout, notes, cli_base(sound->name), duration_s);
        return 0;
    }
    export_options(&options_, w, format, sound, duration_s);
    if (avsvt_notes_format(&bytes, notes, &options_, &err))
        return cli_error(&err);
    fwrite(bytes.data, 1, bytes.size, stdout);
    avsvt_bytes_free(&bytes);
    return 0;
}

static int write_text(const char *path, const avsvt_notes *notes,
                      const cli_sound *sound, double duration_s)
{
    cli_file file;
    if (!cli_create(&file, path))
        return CLI_FAILED;
    cli_print_notes(file.to, notes, cli_base(sound->name), duration_s);
    return cli_commit(&file);
}

static int write_file(const cli_transcription *w, const avsvt_notes *notes, const char *path,
                      const cli_sound *sound, double duration_s)
{
    avsvt_export_options options_ = AVSVT_EXPORT_OPTIONS_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    int format = format_of(w->args, path);
    if (format == TEXT)
        return write_text(path, notes, sound, duration_s);
    export_options(&options_, w, format, sound, duration_s);
    return avsvt_notes_write(notes, path, &options_, &err) ? cli_error(&err) : 0;
}

static void report(cli_transcription *w, const cli_sound *sound, const char *path, size_t count,
                   double duration_s, double spent_s)
{
    if (w->args->json && !w->to_stdout) {
        fputs(w->reported++ ? ",\n  {\"input\": " : "[\n  {\"input\": ", stdout);
        cli_json_string(stdout, sound->name);
        fputs(", \"output\": ", stdout);
        cli_json_string(stdout, path);
        printf(", \"notes\": %zu, \"duration_s\": ", count);
        cli_json_number(stdout, duration_s);
        printf(", \"seconds\": %.3f}", spent_s);
    } else if (!w->args->quiet) {
        cli_tell("%s: %zu note%s -> %s", sound->name, count,
                 count == 1 ? "" : "s", path);
    }
}

/* Where a folder gets the notes of a sound; NULL: out of memory. */
static char *place_of(const cli_transcription *w, const cli_sound *sound)
{
    int format = w->args->format ? format_number(w->args->format) : AVSVT_FORMAT_CSV;
    char *stem = cli_stem(sound->name);
    char *path = stem ? cli_join(w->folder, stem, ending_of(format)) : NULL;
    free(stem);
    return path;
}

int cli_transcribe_check_place(const cli_transcription *w, const cli_sound *sound)
{
    char *path = place_of(w, sound);
    int status = 0;
    if (!path)
        status = cli_fail("out of memory");
    else if (!w->args->force && !access(path, F_OK))
        status = cli_fail("%s: is there already; name another folder, or say --force to write "
                          "over it", path);
    free(path);
    return status;
}

int cli_transcribe_deliver(cli_transcription *w, const avsvt_notes *notes, const cli_sound *sound,
                   double duration_s, double spent_s)
{
    const cli_args *args = w->args;
    size_t count = avsvt_notes_count(notes);
    int status = 0;
    if (!count && !args->quiet && !args->json)
        cli_tell("%s: nothing was found that is sung; instruments, tones and speech are "
                 "left out on purpose", sound->name);
    if (w->folder) {
        char *path = place_of(w, sound);
        status = path ? write_file(w, notes, path, sound, duration_s)
                      : cli_fail("out of memory");
        if (!status)
            report(w, sound, path, count, duration_s, spent_s);
        free(path);
    }
    for (int i = 0; i < args->out_count && !w->folder && !status; i++) {
        if (!strcmp(args->outs[i], "-")) {
            status = print(w, notes, format_of(args, "-"), sound, duration_s);
            continue;
        }
        status = write_file(w, notes, args->outs[i], sound, duration_s);
        if (!status)
            report(w, sound, args->outs[i], count, duration_s, spent_s);
    }
    if (!status && (!args->out_count || (args->picture && !args->json && !w->listed)))
        status = print(w, notes, args->out_count ? TEXT : format_of(args, NULL), sound,
                       duration_s);
    if (!status && args->picture && !args->json)
        cli_print_picture(stdout, notes, duration_s);
    return status;
}

void cli_transcribe_report_end(const cli_transcription *w)
{
    if (w->args->json && w->args->out_count && !w->to_stdout)
        fputs(w->reported ? "\n]\n" : "[]\n", stdout);
}

typedef struct named {
    const char *input;
    char *stem;
    int place;
} named;

static int by_stem(const void *x, const void *y)
{
    const named *a = x, *b = y;
    int order = strcmp(a->stem, b->stem);
    return order ? order : a->place - b->place;
}

/* Two inputs whose results would have the same name. */
static int check_names(const cli_args *args)
{
    int count = args->input_count, known = 0, status = 0;
    named *names = malloc((size_t)count * sizeof *names);
    while (names && known < count && (names[known].stem = cli_stem(args->inputs[known]))) {
        names[known].input = args->inputs[known];
        names[known].place = known;
        known++;
    }
    if (known < count)
        status = cli_fail("out of memory");
    else
        qsort(names, (size_t)count, sizeof *names, by_stem);
    for (int i = 1; i < known && !status; i++)
        if (!strcmp(names[i - 1].stem, names[i].stem))
            status = cli_fail("%s and %s would both be written to %s; transcribe them into two "
                              "folders", names[i - 1].input, names[i].input, names[i].stem);
    while (known)
        free(names[--known].stem);
    free(names);
    return status;
}

int cli_transcribe_check(cli_transcription *w)
{
    const cli_args *args = w->args;
    const char *out = args->out_count ? args->outs[0] : NULL;
    int format = format_of(args, NULL);
    if (args->video && args->input_count > 1)
        return cli_usage("--video goes with one input");
    if (args->format && args->out_count > 1)
        return cli_usage("-f goes with one -o only; with several the endings tell");
    if (args->input_count > 1 || (out && (cli_is_folder(out) || out[strlen(out) - 1] == '/'))) {
        if (args->out_count > 1)
            return cli_usage("several inputs, or a folder, go with one -o only");
        if (!out && format != TEXT)
            return cli_usage("several inputs need -o FOLDER");
        if (out && !strcmp(out, "-"))
            return cli_usage("several inputs need a folder, not standard output");
        w->folder = out;
        return out ? check_names(args) : 0;
    }
    for (int i = 0; i < args->out_count; i++) {
        const char *path = args->outs[i];
        if (!strcmp(path, "-")) {
            format = format_of(args, path);
            w->to_stdout = 1;
            continue;
        }
        if (format_of(args, path) == AVSVT_FORMAT_AUTO)
            return cli_usage("%s: its ending tells no format; use " CLI_ENDINGS
                             ", or say -f FORMAT", path);
        if (strcmp(args->inputs[0], "-") && cli_same_file(path, args->inputs[0]))
            return cli_usage("%s: is the input; choose another name", path);
        if (cli_can_write(path))
            return CLI_FAILED;
        if (format_of(args, path) == AVSVT_FORMAT_HTML && !args->quiet &&
            (!strcmp(args->inputs[0], "-") || cli_is_pipe(args->inputs[0])))
            cli_note("%s will hold the notes alone: for sound and spectrogram name "
                     "the recording as a file", path);
    }
    int to_stdout = !out || !strcmp(out, "-");
    if (to_stdout && format == AVSVT_FORMAT_MIDI && isatty(STDOUT_FILENO))
        return cli_usage("MIDI is not for a terminal; say -o FILE.mid or send it to a pipe");
    return 0;
}
