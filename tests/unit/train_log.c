/* SPDX-License-Identifier: MIT */
/* The files that a training adds a line to with each step, when they are larger
 * than anyone would hold in memory: most of them is a hole, which takes no room on
 * the disk. */
#define _GNU_SOURCE /* fseeko */
#include "support/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"
#include "train/trainer.h"

#define HOLE (((off_t)1 << 30) + 4321)
#define STEPS 5001

static avsvt_trainer *trainer_of(const char *folder, double step)
{
    static avsvt_trainer t;
    memset(&t, 0, sizeof(t));
    t.context = avsvti_context_or_default(NULL);
    t.output = (char *)(uintptr_t)folder;
    t.now.step = t.now.valid_step = step;
    t.now.log_size = 1;
    t.recipe.tensorboard = 1;
    return &t;
}

static FILE *make(const char *name)
{
    FILE *f = fopen(scratch_write(name, "", 0), "wb");
    assert_non_null(f);
    return f;
}

static void a_log_of_any_size_is_drawn(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    size_t size = 0, points = 0;
    char folder[1100];
    FILE *f = make("log.jsonl");
    (void)state;
    fputs("{\"event\": \"valid\", \"epoch\": 1, \"step\": 0, \"loss\": 0.75}\n", f);
    assert_int_equal(fseeko(f, HOLE, SEEK_CUR), 0);
    fputs("\n", f);
    for (int i = 1; i <= STEPS; i++)
        fprintf(f, "{\"event\": \"step\", \"epoch\": 1, \"step\": %d, \"loss\": 0.5}\n", i);
    fputs("{\"event\": \"valid\", \"epoch\": 1, \"step\": 5001, \"loss\": 0.25}\n", f);
    assert_int_equal(fclose(f), 0);
    snprintf(folder, sizeof(folder), "%s", scratch_path("."));
    if (avsvti_curve_write(trainer_of(folder, STEPS), &err))
        fail_msg("%s", err.message);
    char *svg = scratch_read(scratch_path("curve.svg"), &size);
    const char *at = strstr(svg, "points=\"");
    assert_non_null(at);
    for (at += 8; *at != '"'; at++)
        points += *at == ',';
    assert_in_range(points, 900, 2001);
    assert_non_null(strstr(svg, " 690,160\"/>\n<circle")); /* the last one, whatever is left out */
    assert_non_null(strstr(svg, "points=\" 60,30 690,290\"")); /* of validation */
    free(svg);
    unlink(scratch_path("log.jsonl"));
}

/* A record of `size` bytes, which begins as an event of a step does. */
static void put_record(FILE *f, off_t size, int step)
{
    for (int i = 0; i < 12; i++)
        fputc(i < 8 ? (int)(size >> 8 * i & 255) : 0, f);
    fputc(0x09, f);
    fwrite("12345678", 1, 8, f);
    fputc(0x10, f);
    fputc(step, f);
    assert_int_equal(fseeko(f, size - 11 + 3, SEEK_CUR), 0);
    fputc(0, f);
}

static void events_of_any_size_are_taken_back(void **state)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    char folder[1100];
    struct stat st;
    (void)state;
    for (int last = 1; last <= 3; last++) {
        FILE *f = make("events.out.tfevents.avsvt");
        put_record(f, HOLE, 1);
        put_record(f, 100, 2);
        put_record(f, 11, 2);
        fputs("torn off", f);
        assert_int_equal(fclose(f), 0);
        snprintf(folder, sizeof(folder), "%s", scratch_path("."));
        if (avsvti_tensorboard_rewind(trainer_of(folder, last), &err))
            fail_msg("%s", err.message);
        assert_int_equal(stat(scratch_path("events.out.tfevents.avsvt"), &st), 0);
        assert_int_equal(st.st_size, 16 + HOLE + (last > 1 ? 116 + 27 : 0));
    }
    unlink(scratch_path("events.out.tfevents.avsvt"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_of_any_size_is_drawn),
        cmocka_unit_test(events_of_any_size_are_taken_back),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
