/* SPDX-License-Identifier: MIT */
/* avsvt listen: notes while they are sung. */
#include "live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_option options[] = {
    { 'o', "output", CLI_OUT, "OUT", NULL, 0, 0, 0, 0,
      "at the end write the notes: .mid, .csv, .json, .txt (UltraStar), .svg, ...; may be given "
      "several times" },
    { 0, "json", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(json), 0,
      "print each event as a line of JSON" },
    { 0, "curve", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(curve), 0,
      "with --json: the pitch too, 50 times a second" },
    { 0, "alsa", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(alsa), 0,
      "play the notes on a port of the ALSA sequencer, for synthesizers" },
    { 0, "jack", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(jack), 0,
      "the same on a MIDI port of JACK" },
    CLI_INPUT_OPTION,
    { 0, "list-inputs", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(list_inputs), 0,
      "list the microphones and end" },
    CLI_RAW_OPTIONS,
    { 0, "seconds", CLI_NUMBER, "S", NULL, 0.01, 1e6, CLI_FIELD(seconds), 0,
      "end after so much sound" },
    { 0, "fast", CLI_FLAG, NULL, NULL, 0, 0, CLI_FIELD(fast), 0,
      "take a file as fast as it goes, not as it sounds" },
    { 'm', "model", CLI_PATH, "MODEL", NULL, 0, 0, CLI_FIELD(model), 0,
      "a live model (.pt), or any model or pipeline for the feed; default: the built-in live "
      "model" },
    { 0, "engine", CLI_CHOICE, "ENGINE", "stream|feed", 0, 0, CLI_FIELD(engine), 0,
      "stream: notes at once, for live models; feed: notes 2 s late, nearly as good as afterwards, for "
      "any model (default: stream where the model can)" },
    CLI_THRESHOLD_OPTIONS,
    CLI_OPTIONS_END,
};

typedef struct listening {
    const cli_args *args;
    avsvt_note *notes; /* those that have ended */
    size_t count, room;
    int out_of_memory;
    cli_midi *midi;
    cli_roll *roll;
    cli_screen screen;
    double heard_s;
} listening;

static void keep(listening *l, const cli_live_event *e)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        avsvt_note *larger = realloc(l->notes, room * sizeof *larger);
        if (!larger) {
            l->out_of_memory = 1;
            return;
        }
        l->notes = larger;
        l->room = room;
    }
    avsvt_note note = AVSVT_NOTE_INIT;
    note.onset_s = e->onset_s;
    note.offset_s = fmax(e->time_s, e->onset_s);
    note.pitch = e->pitch;
    note.level_db = (float)e->level_db;
    note.confidence = e->confidence;
    l->notes[l->count++] = note;
}

static void number(const char *name, double value)
{
    printf(", \"%s\": ", name);
    cli_json_number(stdout, value);
}

static void print_json(const listening *l, const cli_live_event *e)
{
    static const char *const kinds[] = { "on", "update", "off", "forget", "pitch" };
    if (e->kind == CLI_LIVE_UPDATE || (e->kind == CLI_LIVE_FRAME && !l->args->curve))
        return;
    printf("{\"event\": \"%s\"", kinds[e->kind]);
    if (e->kind != CLI_LIVE_FRAME)
        printf(", \"note\": %llu", e->note);
    if (e->kind == CLI_LIVE_OFF)
        number("onset", e->onset_s);
    number(e->kind == CLI_LIVE_OFF ? "offset" : "time", e->time_s);
    if (e->kind != CLI_LIVE_SHORT)
        number("pitch", e->pitch);
    number("level_db", e->level_db);
    if (e->kind != CLI_LIVE_FRAME)
        number("heard", e->found_s);
    fputs("}\n", stdout);
    fflush(stdout);
}

static void print_line(const cli_live_event *e)
{
    char name[8];
    int cents;
    cli_note_name(name, e->pitch, &cents);
    printf("%10.2f%10.2f  %-5s %+6d\n", e->onset_s, e->time_s - e->onset_s, name, cents);
    fflush(stdout);
}

/* A line for each note is the result, unless the notes go elsewhere. */
static int tells_lines(const cli_args *args)
{
    return !args->quiet || !(args->out_count || args->alsa || args->jack);
}

static void on_event(void *user, const cli_live_event *e)
{
    listening *l = user;
    if (e->kind == CLI_LIVE_OFF)
        keep(l, e);
    cli_midi_event(l->midi, e);
    if (l->args->json)
        print_json(l, e);
    else if (l->roll)
        cli_roll_event(l->roll, e);
    else if (e->kind == CLI_LIVE_OFF && tells_lines(l->args))
        print_line(e);
}

static void draw(void *user, double heard_s)
{
    listening *l = user;
    l->heard_s = heard_s;
    if (!l->roll)
        return;
    cli_screen_measure(&l->screen);
    cli_roll_draw(l->roll, &l->screen, heard_s);
}

static int write_notes(const listening *l, avsvt_context *context, const cli_source *source,
                       int shown)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_notes *notes = NULL;
    int status = 0;
    if (l->out_of_memory)
        return cli_fail("out of memory; the notes are not whole and were not written");
    if (avsvt_notes_create(&notes, context, l->notes, l->count, &err))
        return cli_error(&err);
    /* What was sung is not sung again: all places are tried. */
    for (int i = 0; i < l->args->out_count; i++) {
        if (avsvt_notes_write(notes, l->args->outs[i], NULL, &err))
            status = cli_error(&err);
        else if (!l->args->quiet)
            cli_tell("%zu note%s -> %s", l->count, l->count == 1 ? "" : "s",
                     l->args->outs[i]);
    }
    if (!l->count && !l->args->quiet && !l->args->json)
        cli_tell("%s: nothing was heard that is sung; %s", source->name, source->start
                 ? "is it the right microphone? avsvt listen --list-inputs tells which there are"
                 : "instruments, tones and speech are left out on purpose");
    if (shown) /* what was on the screen is gone */
        cli_print_notes(stdout, notes, "heard", l->heard_s);
    avsvt_notes_free(notes);
    return status;
}

static int check(const cli_args *args, const char *input)
{
    for (int i = 0; i < args->out_count; i++) {
        if (avsvt_format_from_path(args->outs[i]) == AVSVT_FORMAT_AUTO)
            return cli_usage("%s: its ending tells no format; use " CLI_ENDINGS, args->outs[i]);
        if (input && strcmp(input, "-") && cli_same_file(args->outs[i], input))
            return cli_usage("%s: is the input; choose another name", args->outs[i]);
        if (cli_can_write(args->outs[i]))
            return CLI_FAILED;
    }
    return args->curve && !args->json ? cli_usage("--curve goes with --json") : 0;
}

static int hear(listening *l, avsvt_context *context, cli_source *source)
{
    cli_engine engine;
    cli_live_sink sink = { l, on_event, draw, l->args->seconds };
    memset(&engine, 0, sizeof engine);
    int status = cli_engine_open(&engine, context, l->args, source->rate_hz);
    if (!status && (l->args->alsa || l->args->jack))
        status = cli_midi_open(&l->midi, l->args);
    if (!status && cli_screen_wanted(l->args)) {
        l->roll = cli_roll_create(cli_base(source->name));
        if (l->roll)
            cli_screen_take(&l->screen);
    } else if (!status && !l->args->json && tells_lines(l->args)) {
        printf("   start s  length s  note   cents\n");
        fflush(stdout);
    }
    if (!status)
        status = cli_live_run(l->args, source, &engine, &sink);
    cli_screen_give_back(&l->screen);
    if (!l->args->quiet)
        cli_engine_tell_lost(&engine);
    int shown = l->roll != NULL;
    if (!status)
        status = write_notes(l, context, source, shown);
    cli_midi_close(l->midi, l->args);
    cli_roll_free(l->roll);
    cli_engine_close(&engine);
    return status;
}

static int run(const cli_args *args)
{
    const char *input = args->input_count ? args->inputs[0] : NULL;
    avsvt_context *context = NULL;
    listening l = { .args = args };
    cli_source source;
    int status = check(args, input);
    if (status)
        return status;
    if (args->list_inputs)
        return cli_microphone_list(args);
    cli_catch_interrupts();
    memset(&source, 0, sizeof source);
    status = cli_context(&context, args);
    if (!status)
        status = cli_source_open(&source, context, args, input);
    if (!status)
        status = hear(&l, context, &source);
    if (source.close)
        source.close(&source);
    free(l.notes);
    avsvt_context_free(context);
    return status;
}

const cli_command cli_listen = {
    "listen", "[FILE|-]", "notes while they are sung: a live piano roll, MIDI out",
    "Listens to the microphone, to standard input (-: WAV as it comes, or --raw), or to a sound "
    "file as it sounds, and shows the notes while they are sung: in a terminal a piano roll that "
    "moves, with the pitch in cents; elsewhere a line for each note that has ended. Ctrl-C ends, "
    "and then the notes are written to -o.\n\n"
    "The microphone needs libportaudio2. A note is told about 0.1 s after it begins.",
    "  avsvt listen                                # the microphone\n"
    "  avsvt listen -o song.mid                    # and a MIDI file at the end\n"
    "  avsvt listen song.flac                      # a file, as it sounds\n"
    "  arecord -f S16_LE -r 48000 | avsvt listen - --json\n"
    "  avsvt listen --alsa                         # play a synthesizer by singing\n"
    "  avsvt listen --jack                         # the same through JACK\n",
    NULL, 0, 1, options, run,
};
