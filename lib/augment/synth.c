/* SPDX-License-Identifier: MIT */
#include "augment/synth.h"

#include <stdlib.h>

#include "backend/module.h"
#include "platform/folder.h"

static const void *call_synth(void *symbol, avsvt_status *status, char *message, size_t size)
{
    union { void *address; avsvt_synth_entry_fn function; } entry;
    entry.address = symbol;
    return entry.function(AVSVT_SYNTH_INTERFACE, status, message, size);
}

static int complete(const void *table)
{
    const avsvt_synth_table *t = table;
    return t->open && t->render && t->close;
}

avsvt_status avsvti_synth_module(const avsvt_synth_table **out,
                                 const avsvt_context *context, avsvt_error *err)
{
    static const avsvti_module_kind synth = {
        "synth", AVSVT_SYNTH_ENTRY, "made accompaniment needs",
        "install FluidSynth (Debian: apt install libfluidsynth-dev "
        "fluid-soundfont-gm), build libavsvt again",
        AVSVT_SYNTH_INTERFACE, sizeof(avsvt_synth_table), call_synth, complete,
    };
    const void *table = NULL;
    avsvt_status status = avsvti_module_load(&table, context, &synth, err);
    *out = table;
    return status;
}

avsvt_status avsvti_soundfont(char **path, const avsvt_allocator *a,
                              const char *named, avsvt_error *err)
{
    static const char *const usual[] = {
        "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/default-GM.sf2",
        "/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf3/default-GM.sf3", "/usr/share/soundfonts/default.sf2",
        "/usr/local/share/soundfonts/default.sf2", NULL };
    const char *chosen = named && *named ? named : getenv("AVSVT_SOUNDFONT");
    *path = NULL;
    if (chosen && *chosen && !avsvti_file_is(chosen))
        return avsvti_fail(err, AVSVT_E_NOT_FOUND, "%s: there is no such SoundFont",
                           chosen);
    for (size_t i = 0; (!chosen || !*chosen) && usual[i]; i++)
        if (avsvti_file_is(usual[i]))
            chosen = usual[i];
    if (!chosen || !*chosen)
        return avsvti_fail(err, AVSVT_E_NOT_FOUND,
            "there is no SoundFont to play with: install one (Debian: apt install "
            "fluid-soundfont-gm), or name one with 'soundfont: FILE' or the "
            "variable AVSVT_SOUNDFONT");
    *path = avsvti_strdup(a, chosen);
    return *path ? AVSVT_OK : avsvti_fail_memory(err);
}
