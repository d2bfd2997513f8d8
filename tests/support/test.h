/* SPDX-License-Identifier: MIT */
/* CMocka with what it needs before it. */
#ifndef AVSVT_TESTS_TEST_H
#define AVSVT_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Whether the message says this, for failures whose words matter. */
#define assert_says(err, text) \
    do { \
        if (!strstr((err).message, (text))) \
            fail_msg("'%s' does not say '%s'", (err).message, (text)); \
    } while (0)

#endif
