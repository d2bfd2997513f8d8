/* SPDX-License-Identifier: MIT */
#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#define ROW 10
#define GAP 2          /* white pixels between pictures */
#define PAGE_MOST 3000 /* pictures of a page: more would be slow to open */

/* The number of the i-th of `shown` pictures that stand for `count`. */
static int64_t number_of(int64_t i, int64_t shown, int64_t count)
{
    return shown > 1 ? i * (count - 1) / (shown - 1) : 0;
}

int cli_sheet(avsvt_tensor **out, const avsvt_tensor *crops, int64_t most)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    const unsigned char *from = avsvt_tensor_data(crops);
    int64_t count = avsvt_tensor_size(crops, 0), size = avsvt_tensor_size(crops, 1);
    int64_t shown = count < most ? count : most, rows = (shown + ROW - 1) / ROW;
    int64_t columns = shown < ROW ? shown : ROW;
    int64_t shape[2] = { rows * (size + GAP) - GAP, columns * (size + GAP) - GAP };
    if (!from)
        return cli_fail("there is no picture in it");
    unsigned char *sheet = malloc((size_t)shape[0] * (size_t)shape[1]);
    if (!sheet)
        return cli_fail("out of memory");
    memset(sheet, 255, (size_t)shape[0] * (size_t)shape[1]);
    for (int64_t i = 0; i < shown; i++)
        for (int64_t y = 0; y < size; y++)
            memcpy(sheet + (i / ROW * (size + GAP) + y) * shape[1] + i % ROW * (size + GAP),
                   from + (number_of(i, shown, count) * size + y) * size, (size_t)size);
    avsvt_status failed = avsvt_tensor_create(out, NULL, AVSVT_U8, 2, shape, sheet, NULL, NULL,
                                              &err);
    free(sheet);
    return failed ? cli_error(&err) : 0;
}

static void base64(FILE *to, const unsigned char *from, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        unsigned long word = (unsigned long)from[i] << 16;
        word |= i + 1 < size ? (unsigned long)from[i + 1] << 8 : 0;
        word |= i + 2 < size ? from[i + 2] : 0;
        fputc(digits[word >> 18 & 63], to);
        fputc(digits[word >> 12 & 63], to);
        fputc(i + 1 < size ? digits[word >> 6 & 63] : '=', to);
        fputc(i + 2 < size ? digits[word & 63] : '=', to);
    }
}

static void html_text(FILE *to, const char *text)
{
    for (; *text; text++)
        if (strchr("<>&\"", *text))
            fprintf(to, "&#%d;", *text);
        else
            fputc(*text, to);
}

static const char style[] =
    "<style>body{font:15px system-ui,sans-serif;margin:2em;color:#222;background:#fff}"
    "canvas{image-rendering:pixelated;width:384px;height:384px;border:1px solid #999;"
    "display:block}input{width:384px}img{max-width:100%;border:1px solid #999}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}</style>\n";

static const char script[] =
    "<script>\n"
    "const c = document.querySelector('canvas'), g = c.getContext('2d');\n"
    "const s = document.querySelector('input'), t = document.querySelector('output');\n"
    "const b = document.querySelector('button'), image = document.querySelector('img');\n"
    "let playing = null;\n"
    "function show(i) {\n"
    "  g.drawImage(image, i % 10 * (size + 2), Math.floor(i / 10) * (size + 2), size, size,\n"
    "              0, 0, size, size);\n"
    "  t.value = (times[i] / rate).toFixed(2) + ' s, picture ' + times[i];\n"
    "}\n"
    "function step(now) {\n"
    "  if (playing === null) return;\n"
    "  const at = (now - playing) / 1000 * rate / (times[1] - times[0] || 1);\n"
    "  s.value = Math.floor(at) % times.length;\n"
    "  show(+s.value);\n"
    "  requestAnimationFrame(step);\n"
    "}\n"
    "b.onclick = () => {\n"
    "  playing = playing === null ?\n"
    "    performance.now() - s.value / rate * (times[1] - times[0] || 1) * 1000 : null;\n"
    "  b.textContent = playing === null ? 'Play' : 'Stop';\n"
    "  requestAnimationFrame(step);\n"
    "};\n"
    "s.oninput = () => { playing = null; b.textContent = 'Play'; show(+s.value); };\n"
    "if (image.complete) show(0);\n"
    "else image.onload = () => show(0);\n"
    "</script>\n";

static void write_page(FILE *to, const avsvt_bytes *png, const avsvt_tensor *crops,
                       int64_t shown, double rate, const char *title)
{
    int64_t count = avsvt_tensor_size(crops, 0), size = avsvt_tensor_size(crops, 1);
    fputs("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>Mouth: ", to);
    html_text(to, title);
    fprintf(to, "</title>\n%s<h1>", style);
    html_text(to, title);
    fprintf(to, "</h1>\n<p>%lld pictures of %lld x %lld", (long long)count, (long long)size,
            (long long)size);
    if (rate > 0)
        fprintf(to, ", %g a second, %.2f s", rate, (double)count / rate);
    fprintf(to, ".%s</p>\n<canvas width=\"%lld\" height=\"%lld\"></canvas>\n"
            "<input type=\"range\" min=\"0\" max=\"%lld\" value=\"0\" aria-label=\"Picture\"><br>\n"
            "<button>Play</button> <output></output>\n<h2>All of them</h2>\n"
            "<img alt=\"The mouth in each picture, ten in a row\" src=\"data:image/png;base64,",
            shown < count ? " Some are left out here, evenly." : "", (long long)size,
            (long long)size, (long long)shown - 1);
    base64(to, (const unsigned char *)png->data, png->size);
    fprintf(to, "\">\n<script>const size = %lld, rate = %.9g, times = [", (long long)size,
            rate > 0 ? rate : 25);
    for (int64_t i = 0; i < shown; i++)
        fprintf(to, "%s%lld", i ? "," : "", (long long)number_of(i, shown, count));
    fprintf(to, "];</script>\n%s</html>\n", script);
}

int cli_sheet_page(const char *path, const avsvt_tensor *crops, double rate,
                   const char *title)
{
    avsvt_error err = AVSVT_ERROR_INIT;
    avsvt_bytes png = AVSVT_BYTES_INIT;
    avsvt_tensor *sheet = NULL;
    int64_t count = avsvt_tensor_size(crops, 0);
    int status = cli_sheet(&sheet, crops, PAGE_MOST);
    if (!status && avsvt_tensor_format(&png, sheet, AVSVT_TENSOR_PNG, &err))
        status = cli_error(&err);
    avsvt_tensor_free(sheet);
    cli_file file;
    if (!status && !cli_create(&file, path)) {
        status = CLI_FAILED;
    } else if (!status) {
        write_page(file.to, &png, crops, count < PAGE_MOST ? count : PAGE_MOST, rate, title);
        status = cli_commit(&file);
    }
    avsvt_bytes_free(&png);
    return status;
}
