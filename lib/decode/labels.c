/* SPDX-License-Identifier: MIT */
/* note2frame with its oddities: a note shorter than its onset frame never
 * ends; a note that starts before the one before has ended has no onset; the
 * octave is clamped, the class is not. */
#include "decode/labels.h"

#include <math.h>

#define LOWEST 36.0
#define NO_OCTAVE 4.0
#define NO_CLASS 12.0

static void fill(double *row, double onset, double silence, double pitch)
{
    double octave = floor((pitch - LOWEST) / 12.0);
    double class = fmod(pitch, 12.0);
    row[0] = onset;
    row[1] = silence;
    row[2] = octave < 0 ? 0 : octave > 3 ? 3 : octave;
    row[3] = class < 0 ? class + 12.0 : class;
}

static void fill_silence(double *row)
{
    row[0] = 0;
    row[1] = 1;
    row[2] = NO_OCTAVE;
    row[3] = NO_CLASS;
}

void avsvti_frame_labels(double *labels, int64_t frames, double frame_rate_hz,
                         const avsvt_note *notes, size_t count, double shift)
{
    double size = 1.0 / frame_rate_hz, half = size / 2;
    size_t now = 0;
    for (int64_t i = 0; i < frames; i++) {
        double t = (double)i * size, *row = labels + AVSVTI_LABEL_COLUMNS * i;
        if (now < count && fabs(t - notes[now].onset_s) <= half) {
            int again = i > 0 && row[-AVSVTI_LABEL_COLUMNS] > 0;
            fill(row, again ? 0 : 1, 0, notes[now].pitch + shift);
        } else if (now >= count || t < notes[now].onset_s) {
            fill_silence(row);
        } else if (fabs(t - notes[now].offset_s) <= half) {
            fill(row, 0, 1, notes[now].pitch + shift);
            now++;
            if (now < count && fabs(t - notes[now].onset_s) <= half)
                fill(row, 1, 0, notes[now].pitch + shift);
        } else {
            fill(row, 0, 0, notes[now].pitch + shift);
        }
    }
}
