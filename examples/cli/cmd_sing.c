/* SPDX-License-Identifier: MIT */
/* avsvt sing: how well a singer follows a song. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sing.h"
#include "sound.h"

#define BLOCK 512

static const cli_option options[] = {
    { 'm', "model", CLI_PATH, "MODEL", NULL, 0, 0, CLI_FIELD(model), 0,
      "a model (.pt) or pipeline (.yaml) file; default: the built-in model" },
    { 'o', "output", CLI_OUT, "OUT", NULL, 0, 0, 0, 0,
      "write a picture of the song and what was sung: .html or .svg" },
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "print JSON with every note and line" },
    { 0, "pitch-tolerance", CLI_NUMBER, "CENTS", NULL, 1, 600, CLI_FIELD(pitch_tolerance), 0,
      "cents beside the note that still count fully (default 50); from twice that on "
      "nothing does" },
    { 0, "time-tolerance", CLI_NUMBER, "S", NULL, 0.001, 1, CLI_FIELD(onset_tolerance), 0,
      "seconds that a note may be sung too early or too late (default 0.1)" },
    { 0, "strict-octave", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(strict_octave), 0,
      "an octave off is wrong; by default every octave is right" },
    { 0, "transpose", CLI_NUMBER, "N", NULL, -48, 48, CLI_FIELD(transpose), 0,
      "semitones from the song's key to the singer's (default 0)" },
    { 0, "delay", CLI_NUMBER, "S", NULL, -10, 10, CLI_FIELD(delay), 0,
      "seconds that the singing comes later than the song (default 0)" },
    { 0, "voice", CLI_COUNT, "N", NULL, 1, 1000000, CLI_FIELD(voice), 0,
      "which voice of a duet, or which track of a MIDI file that has notes (default: the "
      "first; the track that looks like the melody)" },
    { 0, "live", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(live), 0,
      "score while it is sung: FILE as it sounds, or - for standard input; without a FILE the "
      "microphone" },
    CLI_INPUT_OPTION,
    CLI_RAW_OPTIONS,
    { 0, "fast", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(fast), 0,
      "with --live: take a file as fast as it goes" },
    CLI_DEVICE_OPTIONS,
    CLI_OPTIONS_END,
};

int cli_sung_add(cli_sung *sung, double from_s, double to_s, double pitch)
{
    if (sung->count == sung->room) {
        size_t room = sung->room ? 2 * sung->room : 1024;
        cli_span *larger = realloc(sung->spans, room * sizeof *larger);
        if (!larger)
            return cli_fail("out of memory");
        sung->spans = larger;
        sung->room = room;
    }
    sung->spans[sung->count++] = (cli_span){ from_s, to_s, pitch };
    return 0;
}

void cli_line_notes(const cli_singing *s, size_t line, size_t *first, size_t *end)
{
    avsvt_line_points points = AVSVT_LINE_POINTS_INIT;
    avsvt_scorer_line(s->scorer, line, &points);
    *first = points.first_note;
    *end = s->song.notes;
    if (line + 1 < s->song.lines && !avsvt_scorer_line(s->scorer, line + 1, &points))
        *end = points.first_note;
}

char *cli_words(const cli_singing *s, size_t first, size_t end)
{
    size_t room = 1, length = 0;
    avsvt_chart_note note = AVSVT_CHART_NOTE_INIT;
    for (size_t i = first; i < end; i++)
        if (!avsvt_chart_get(s->chart, i, &note))
            room += strlen(note.word);
    char *words = malloc(room);
    if (!words)
        return NULL;
    for (size_t i = first; i < end; i++)
        for (const char *c = avsvt_chart_get(s->chart, i, &note) ? "" : note.word; *c; c++)
            if (*c != '~' && (*c != ' ' || (length && words[length - 1] != ' ')))
                words[length++] = *c;
    while (length && words[length - 1] == ' ')
        length--;
    words[length] = '\0';
    return words;
}

static int read_notes(cli_sung *sung, avsvt_context *context, const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    int status = 0;
    if (avsvt_notes_read(&notes, context, path, &err))
        return cli_error(&err);
    for (size_t i = 0; i < avsvt_notes_count(notes) && !status; i++) {
        avsvt_note note = AVSVT_NOTE_INIT, next = AVSVT_NOTE_INIT;
        avsvt_notes_get(notes, i, &note);
        if (!avsvt_notes_get(notes, i + 1, &next) && next.onset_s < note.offset_s)
            note.offset_s = next.onset_s;
        status = cli_sung_add(sung, note.onset_s, note.offset_s, note.pitch);
        sung->duration_s = fmax(sung->duration_s, note.offset_s);
    }
    avsvt_notes_free(notes);
    return status;
}

static int add_curve(cli_sung *sung, const avsvt_activations *activations)
{
    avsvt_activations_info info = AVSVT_ACTIVATIONS_INFO_INIT;
    float pitch[BLOCK];
    int status = 0;
    avsvt_activations_describe(activations, &info);
    for (int64_t i = 0; i < info.frames && !status; i++) {
        if (i % BLOCK == 0)
            avsvt_activations_pitch(activations, i,
                                    info.frames - i < BLOCK ? info.frames - i : BLOCK, pitch);
        status = cli_sung_add(sung, info.start_s + ((double)i - 0.5) / info.frame_rate_hz,
                              info.start_s + ((double)i + 0.5) / info.frame_rate_hz,
                              (double)pitch[i % BLOCK]);
    }
    sung->duration_s = info.start_s + (double)info.frames / info.frame_rate_hz;
    return status;
}

static int read_sound(cli_sung *sung, avsvt_context *context, const cli_args *args,
                      const char *path)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_pipeline *pipeline = NULL;
    avsvt_activations *activations = NULL;
    avsvt_run_options run_options = AVSVT_RUN_OPTIONS_INIT;
    cli_progress progress;
    cli_sound sound;
    int status = cli_sound_open(&sound, context, path);
    if (status)
        return status;
    cli_progress_begin(&progress, sound.name, args->quiet);
    run_options.progress = cli_progress_tell;
    run_options.user = &progress;
    avsvt_status failed = avsvt_pipeline_open(&pipeline, context, args->model, NULL, &err);
    if (!failed)
        failed = avsvt_pipeline_activations(&activations, pipeline, sound.audio, &run_options,
                                            &err);
    cli_progress_end(&progress);
    if (failed && err.message[0] && failed != AVSVT_E_CANCELLED && !strstr(err.message, sound.name))
        status = cli_fail("%s: %s", sound.name, err.message);
    else if (failed)
        status = cli_error(&err);
    else
        status = add_curve(sung, activations);
    avsvt_activations_free(activations);
    avsvt_pipeline_free(pipeline);
    cli_sound_close(&sound);
    return status;
}

static int open_song(cli_singing *s, avsvt_context *context)
{
    const cli_args *args = s->args;
    avsvt_chart_options chart = AVSVT_CHART_OPTIONS_INIT;
    avsvt_scorer_options scoring = AVSVT_SCORER_OPTIONS_INIT;
    avsvt_chart_info song = AVSVT_CHART_INFO_INIT;
    avsvt_error err = AVSVT_ERROR_INIT;
    chart.voice = (uint32_t)args->voice;
    scoring.flags = args->strict_octave ? AVSVT_SCORE_OCTAVE_STRICT : 0u;
    scoring.pitch_tolerance_cents = args->pitch_tolerance;
    scoring.time_tolerance_s = args->onset_tolerance;
    scoring.transpose = args->transpose;
    scoring.delay_s = args->delay;
    if (avsvt_chart_open(&s->chart, context, cli_input(args->inputs[0]), &chart, &err) ||
        avsvt_scorer_create(&s->scorer, s->chart, &scoring, &err))
        return cli_error(&err);
    avsvt_chart_describe(s->chart, &song);
    s->song = song;
    s->title = *song.title ? song.title : cli_base(args->inputs[0]);
    return 0;
}

/* Without a FILE it is the microphone, which can't be but live. */
static int is_live(const cli_args *args)
{
    return args->live || args->input_count < 2;
}

static int check(const cli_args *args)
{
    if (!is_live(args) && (args->raw || args->fast || args->input))
        return cli_usage("--%s goes with --live", args->raw ? "raw" : args->fast ? "fast" : "input");
    if (args->live && args->input_count > 1 && cli_notes_rank(args->inputs[1]) >= 0)
        return cli_usage("%s: notes can't be sung live", args->inputs[1]);
    if (args->input_count > 1 && !strcmp(args->inputs[0], "-") && !strcmp(args->inputs[1], "-"))
        return cli_usage("only one of SONG and FILE can be standard input");
    for (int i = 0; i < args->out_count; i++) {
        int format = avsvt_format_from_path(args->outs[i]);
        if (format != AVSVT_FORMAT_HTML && format != AVSVT_FORMAT_SVG)
            return cli_usage("%s: the picture is written as .html or .svg", args->outs[i]);
        for (int k = 0; k < args->input_count; k++)
            if (cli_same_file(args->outs[i], args->inputs[k]))
                return cli_usage("%s: is the input; choose another name", args->outs[i]);
        if (cli_can_write(args->outs[i]))
            return CLI_FAILED;
    }
    return 0;
}

static int score(cli_singing *s, const cli_sung *sung)
{
    int status = 0;
    for (size_t i = 0; i < sung->count && !status && !is_live(s->args); i++)
        if (avsvt_scorer_push(s->scorer, sung->spans[i].from_s, sung->spans[i].to_s,
                              sung->spans[i].pitch))
            status = cli_fail("%s: its notes are not in order", s->input);
    /* The rest of the song went by in silence. */
    if (!status && sung->duration_s < s->song.duration_s + 20)
        avsvt_scorer_push(s->scorer, sung->duration_s, s->song.duration_s + 20, (double)NAN);
    for (int i = 0; i < s->args->out_count && !status; i++)
        status = cli_sing_picture(s, s->args->outs[i]);
    if (!status && s->args->json)
        cli_sing_json(s);
    else if (!status && s->lines_told)
        cli_sing_total(s);
    else if (!status)
        cli_sing_table(s);
    return status;
}

static int run(const cli_args *args)
{
    avsvt_context *context = NULL;
    cli_sung sung = { NULL, 0, 0, 0 };
    const char *input = args->input_count > 1 ? args->inputs[1] : NULL;
    cli_singing s = { .until_s = HUGE_VAL, .args = args, .input = input ? input : "microphone", .sung = &sung };
    int status = check(args);
    if (status)
        return status;
    cli_catch_interrupts();
    status = cli_context(&context, args);
    if (!status)
        status = open_song(&s, context);
    if (!status)
        status = is_live(args) ? cli_sing_live(&s, &sung, context, input)
               : cli_notes_rank(input) >= 0 ? read_notes(&sung, context, input)
                                     : read_sound(&sung, context, args, input);
    if (!status && cli_interrupted() && !is_live(args))
        status = cli_fail("stopped; nothing was written");
    if (!status)
        status = score(&s, &sung);
    free(sung.spans);
    avsvt_scorer_free(s.scorer);
    avsvt_chart_free(s.chart);
    avsvt_context_free(context);
    return status;
}

const cli_command cli_sing = {
    "sing", "SONG [FILE]", "a karaoke score: how well someone follows SONG",
    "Tells how well a recording, or someone at the microphone, follows a song. SONG is an UltraStar chart (.txt), a MIDI file "
    "(.mid, .kar) or any list of notes; FILE is a recording of the singing, best without the "
    "music, or notes that were transcribed before. Without FILE it is the microphone, and the "
    "song begins at once: a terminal shows what is to be sung and what is, with the points; "
    "Ctrl-C ends. The music is played by another program; --delay tells how much later than the "
    "song's clock it is heard.\n\n"
    "10000 points are a song without a fault, as in UltraStar: 9000 for the notes by their "
    "length (golden ones count twice, freestyle ones nothing) and 1000 for the lines. A rap note "
    "is right at any pitch.",
    "  avsvt sing song.txt me.wav                    # points of each line\n"
    "  avsvt sing song.txt                           # live, at the microphone\n"
    "  avsvt sing song.txt me.wav -o me.html         # and a picture to look at\n"
    "  avsvt sing song.mid me.wav --strict-octave --json\n"
    "  avsvt sing song.txt me.wav --transpose -3 --pitch-tolerance 100\n",
    NULL, 1, 2, options, run,
};
