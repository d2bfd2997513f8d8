/* SPDX-License-Identifier: MIT */
/* JSON: an object with a list `notes`, or such a list alone; or JAMS, an object
 * with a list `annotations`. A note is an object (onset, offset, pitch; level_db
 * and confidence if there) or a list whose first three numbers are those.
 * Everything else is passed over, but must be JSON. */
#include <math.h>
#include <string.h>

#include "import/json_value.h"

typedef struct seen_note {
    avsvt_note note;
    int seen; /* a bit for each of onset, offset and pitch */
} seen_note;

static avsvt_status read_member(avsvti_reader *r, const char *name, void *user)
{
    seen_note *n = user;
    double level = 0;
    if (!strcmp(name, "onset")) {
        n->seen |= 1;
        return avsvti_json_number(r, &n->note.onset_s);
    }
    if (!strcmp(name, "offset")) {
        n->seen |= 2;
        return avsvti_json_number(r, &n->note.offset_s);
    }
    if (!strcmp(name, "pitch")) {
        n->seen |= 4;
        return avsvti_json_number(r, &n->note.pitch);
    }
    if (!strcmp(name, "confidence"))
        return avsvti_json_number(r, &n->note.confidence);
    if (strcmp(name, "level_db") != 0)
        return avsvti_json_skip(r);
    avsvt_status status = avsvti_json_number(r, &level);
    n->note.level_db = fabs(level) <= 1000 ? (float)level : 0.0f;
    return status;
}

static avsvt_status read_note_object(avsvti_reader *r)
{
    seen_note n = { AVSVT_NOTE_INIT, 0 };
    avsvt_status status = avsvti_json_object(r, read_member, &n);
    if (status == AVSVT_OK && n.seen != 7)
        status = avsvti_read_fail(r, "a note needs onset, offset and pitch");
    return status == AVSVT_OK ? avsvti_read_note(r, &n.note) : status;
}

typedef struct counted_note {
    avsvt_note note;
    int numbers;
} counted_note;

static avsvt_status read_one(avsvti_reader *r, void *user)
{
    counted_note *n = user;
    double *fields[] = { &n->note.onset_s, &n->note.offset_s, &n->note.pitch };
    return n->numbers < 3 ? avsvti_json_number(r, fields[n->numbers++]) : avsvti_json_skip(r);
}

static avsvt_status read_note_list(avsvti_reader *r)
{
    counted_note n = { AVSVT_NOTE_INIT, 0 };
    avsvt_status status = avsvti_json_list(r, read_one, &n);
    if (status == AVSVT_OK && n.numbers < 3)
        status = avsvti_read_fail(r, "a note needs onset, offset and pitch");
    return status == AVSVT_OK ? avsvti_read_note(r, &n.note) : status;
}

static avsvt_status read_note(avsvti_reader *r, void *user)
{
    (void)user;
    switch (avsvti_json_peek(r)) {
    case '{': return read_note_object(r);
    case '[': return read_note_list(r);
    default: return avsvti_read_fail(r, "a note was expected");
    }
}

static avsvt_status read_top(avsvti_reader *r, const char *name, void *user)
{
    int *found = user;
    if (!*found && !strcmp(name, "notes")) {
        *found = 1;
        return avsvti_json_list(r, read_note, NULL);
    }
    if (!*found && !strcmp(name, "annotations"))
        return avsvti_read_jams(r, found);
    return avsvti_json_skip(r);
}

avsvt_status avsvti_read_json(avsvti_reader *r)
{
    avsvt_status status = AVSVT_OK;
    int found = 0;
    if (avsvti_json_peek(r) == '[') {
        status = avsvti_json_list(r, read_note, NULL);
    } else {
        status = avsvti_json_object(r, read_top, &found);
        if (status == AVSVT_OK && !found)
            status = avsvti_read_fail(r, "there is no list `notes` in this object, nor one of "
                                         "note_midi or note_hz in JAMS's `annotations`");
    }
    if (status == AVSVT_OK && (avsvti_json_peek(r) || r->p < r->end))
        status = avsvti_read_fail(r, "something follows the end of the JSON");
    return status;
}
