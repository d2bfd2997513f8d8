// SPDX-License-Identifier: MIT
// Faces by dlib's detector (histograms of gradients, one step of enlarging, as
// the published tools use it) and their landmarks by a model of the user's. No
// exception leaves this file.
#include <avsvt/sys/face.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <new>

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/revision.h>

namespace {

constexpr unsigned long points_of_a_face = 68;

struct Finder {
    dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    dlib::shape_predictor predictor;
    dlib::array2d<dlib::rgb_pixel> picture, larger;
};

avsvt_status say(avsvt_status status, char *message, std::size_t size, const char *what)
{
    std::snprintf(message, size, "%s", what);
    return status;
}

// Calls work() and turns what it throws into a status.
template <class Work>
avsvt_status guarded(avsvt_status usual, char *message, std::size_t size, Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc &) {
        return say(AVSVT_E_NOMEM, message, size, "out of memory");
    } catch (const std::exception &e) {
        return say(usual, message, size, e.what());
    } catch (...) {
        return say(usual, message, size, "dlib gave up without a reason");
    }
}

avsvt_status face_open(void **finder, const char *path, char *message, size_t size)
{
    *finder = nullptr;
    return guarded(AVSVT_E_FORMAT, message, size, [&]() -> avsvt_status {
        auto made = std::make_unique<Finder>();
        dlib::deserialize(path) >> made->predictor;
        if (made->predictor.num_parts() != points_of_a_face)
            return say(AVSVT_E_FORMAT, message, size, "is a model of another number of "
                       "landmarks than 68");
        *finder = made.release();
        return AVSVT_OK;
    });
}

void copy_picture(dlib::array2d<dlib::rgb_pixel> &to, const uint8_t *rgb, long width, long height)
{
    to.set_size(height, width);
    for (long y = 0; y < height; y++)
        for (long x = 0; x < width; x++, rgb += 3)
            to[y][x] = dlib::rgb_pixel(rgb[0], rgb[1], rgb[2]);
}

avsvt_status face_find(void *finder, const uint8_t *rgb, int32_t width, int32_t height,
                       double *points, int32_t most, int32_t *count, char *message,
                       size_t size)
{
    *count = 0;
    return guarded(AVSVT_E_INTERNAL, message, size, [&]() -> avsvt_status {
        auto &f = *static_cast<Finder *>(finder);
        dlib::pyramid_down<2> half;
        copy_picture(f.picture, rgb, width, height);
        dlib::pyramid_up(f.picture, f.larger, half);
        for (const auto &box : f.detector(f.larger)) {
            if (*count == most)
                break;
            auto shape = f.predictor(f.picture, half.rect_down(box));
            for (unsigned long i = 0; i < points_of_a_face; i++) {
                *points++ = static_cast<double>(shape.part(i).x());
                *points++ = static_cast<double>(shape.part(i).y());
            }
            ++*count;
        }
        return AVSVT_OK;
    });
}

void face_close(void *finder)
{
    delete static_cast<Finder *>(finder);
}

} // namespace

extern "C" __attribute__((visibility("default")))
const avsvt_face_table *avsvt_face_entry(uint32_t host_interface, avsvt_status *status,
                                         char *message, size_t message_size)
{
    static const avsvt_face_table table = {
        static_cast<uint32_t>(sizeof(avsvt_face_table)), AVSVT_FACE_INTERFACE, "dlib",
        "dlib", face_open, face_find, face_close,
    };
    if (host_interface != AVSVT_FACE_INTERFACE) {
        *status = AVSVT_E_MODULE;
        std::snprintf(message, message_size, "the face module speaks interface %u, the library "
                      "%u; install both from the same release",
                      static_cast<unsigned>(AVSVT_FACE_INTERFACE),
                      static_cast<unsigned>(host_interface));
        return nullptr;
    }
    *status = AVSVT_OK;
    return &table;
}
