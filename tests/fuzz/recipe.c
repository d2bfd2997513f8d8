/* SPDX-License-Identifier: MIT */
/* Any text as a recipe, of a file and as settings: read or refused, and what it lists gone through. */
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static avsvt_status visit(void *user, const avsvti_recipe *r, const avsvti_entry *entry,
                          avsvt_error *err)
{
    (void)user, (void)r, (void)err;
    if (!entry->path[0] || !(entry->weight > 0))
        abort();
    return AVSVT_OK;
}

/* path: of the file it is said to be; NULL: settings of an application. */
static void read_it(const char *path, const char *text)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvti_recipe r;
    if (avsvti_recipe_read(&r, avsvti_default_allocator(), path, text, &err)) {
        if (!err.message[0])
            abort();
        return;
    }
    avsvti_recipe_each(&r, "data.train", visit, NULL, NULL);
    avsvti_recipe_each(&r, "data.valid", visit, NULL, NULL);
    avsvti_recipe_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    read_it(NULL, text);
    read_it("fuzz/recipe.yaml", text);
    free(text);
    return 0;
}
