/* SPDX-License-Identifier: MIT */
/* JAMS, the JSON of annotated music (jams.readthedocs.io): the first annotation
 * whose namespace is one of notes. Its data are observations with time, duration
 * and value, a MIDI number (note_midi) or Hz (note_hz). */
#include <string.h>

#include "core/key.h"
#include "import/json_value.h"

typedef struct annotation {
    int *found; /* whether one has been read */
    int is_hz;
    char space[AVSVTI_JSON_NAME_SIZE];
    const char *data; /* where its observations are; NULL: not told */
    size_t line;
} annotation;

typedef struct observation {
    double time_s, duration_s, value, confidence;
    int seen; /* a bit for each of the first three */
} observation;

static avsvt_status read_field(avsvti_reader *r, const char *name, void *user)
{
    observation *o = user;
    if (!strcmp(name, "time")) {
        o->seen |= 1;
        return avsvti_json_number(r, &o->time_s);
    }
    if (!strcmp(name, "duration")) {
        o->seen |= 2;
        return avsvti_json_number(r, &o->duration_s);
    }
    if (!strcmp(name, "value")) {
        o->seen |= 4;
        return avsvti_json_number(r, &o->value);
    }
    if (!strcmp(name, "confidence") && avsvti_json_peek(r) != 'n') /* null */
        return avsvti_json_number(r, &o->confidence);
    return avsvti_json_skip(r);
}

static avsvt_status read_observation(avsvti_reader *r, void *user)
{
    const annotation *a = user;
    observation o = { 0, 0, 0, 0, 0 };
    avsvt_note note = AVSVT_NOTE_INIT;
    avsvt_status status = avsvti_json_object(r, read_field, &o);
    if (status == AVSVT_OK && o.seen != 7)
        status = avsvti_read_fail(r, "a note needs time, duration and value");
    if (status != AVSVT_OK)
        return status;
    note.onset_s = o.time_s;
    note.offset_s = o.time_s + o.duration_s;
    note.pitch = a->is_hz ? avsvti_pitch_of_hz(o.value) : o.value;
    note.confidence = o.confidence;
    return avsvti_read_note(r, &note);
}

/* The data may stand before the namespace that says what they are: they are
 * looked at when both are known. */
static avsvt_status read_part(avsvti_reader *r, const char *name, void *user)
{
    annotation *a = user;
    if (!strcmp(name, "namespace"))
        return avsvti_json_string(r, a->space);
    if (!strcmp(name, "data")) {
        a->data = r->p;
        a->line = r->line;
    }
    return avsvti_json_skip(r);
}

static int is_of_notes(annotation *a)
{
    a->is_hz = !strcmp(a->space, "note_hz");
    return a->is_hz || !strcmp(a->space, "note_midi");
}

static avsvt_status read_annotation(avsvti_reader *r, void *user)
{
    annotation a = { user, 0, "", NULL, 0 };
    avsvt_status status = avsvti_json_object(r, read_part, &a);
    if (status != AVSVT_OK || *a.found || !a.data || !is_of_notes(&a))
        return status;
    avsvti_reader data = *r;
    data.p = a.data;
    data.line = a.line;
    *a.found = 1;
    return avsvti_json_list(&data, read_observation, &a);
}

avsvt_status avsvti_read_jams(avsvti_reader *r, int *found)
{
    return avsvti_json_list(r, read_annotation, found);
}
