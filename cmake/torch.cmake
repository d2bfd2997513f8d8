# SPDX-License-Identifier: MIT
# Finds one libtorch whose headers and libraries lie under one root. Torch's
# own CMake files are not used: with two libtorches installed they mix the
# headers of one with the libraries of the other, and those of a CUDA build ask
# for a CUDA compiler that nothing here needs.

# A folder that may be the root of a libtorch; sets TORCH_* and AVSVT_TORCH_FOUND
# in the caller if it is.
function(avsvt_try_torch root)
    set(AVSVT_TORCH_FOUND FALSE PARENT_SCOPE)
    if(NOT EXISTS "${root}/include/torch/script.h")
        return()
    endif()
    foreach(sub lib lib/${CMAKE_LIBRARY_ARCHITECTURE} lib64)
        set(dir "${root}/${sub}")
        if(EXISTS "${dir}/libtorch_cpu.so" AND EXISTS "${dir}/libc10.so")
            set(version_lines "")
            foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
                if(NOT version_lines AND EXISTS "${root}/include/${header}")
                    file(STRINGS "${root}/include/${header}" version_lines
                        REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
                endif()
            endforeach()
            list(TRANSFORM version_lines REPLACE ".* ([0-9]+)$" "\\1")
            list(JOIN version_lines "." version)
            # Wheels before 2.6 used the old C++ strings.
            file(STRINGS "${dir}/libc10.so" new_strings REGEX "__cxx11" LIMIT_COUNT 1)
            set(abi 0)
            if(new_strings)
                set(abi 1)
            endif()
            set(AVSVT_TORCH_FOUND TRUE PARENT_SCOPE)
            set(TORCH_ROOT "${root}" PARENT_SCOPE)
            set(TORCH_LIBRARY_DIR "${dir}" PARENT_SCOPE)
            set(TORCH_VERSION "${version}" PARENT_SCOPE)
            set(TORCH_CXX11_ABI ${abi} PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()

# In this order: Torch_DIR, CMAKE_PREFIX_PATH, python3's torch package, the
# system's.
function(avsvt_find_torch)
    # What the environment says at the first configuring stays, or a build
    # folder would change its libtorch when CMake runs again by itself.
    set(Torch_DIR "$ENV{Torch_DIR}" CACHE PATH "Folder of TorchConfig.cmake in the libtorch to use")
    string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
    set(AVSVT_TORCH_PREFIXES "${prefixes}" CACHE STRING "CMAKE_PREFIX_PATH of the environment")
    mark_as_advanced(AVSVT_TORCH_PREFIXES)
    set(roots "")
    foreach(dir ${Torch_DIR})
        foreach(up ../../.. ../../../..)
            get_filename_component(root "${dir}/${up}" ABSOLUTE)
            list(APPEND roots "${root}")
        endforeach()
    endforeach()
    list(APPEND roots ${CMAKE_PREFIX_PATH} ${AVSVT_TORCH_PREFIXES})
    find_program(AVSVT_PYTHON3 python3)
    if(AVSVT_PYTHON3)
        execute_process(COMMAND ${AVSVT_PYTHON3} -c
            "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
            OUTPUT_VARIABLE package ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
        set(AVSVT_TORCH_PACKAGE "${package}" PARENT_SCOPE)
        list(APPEND roots ${package})
    endif()
    list(APPEND roots /usr)
    foreach(root ${roots})
        avsvt_try_torch("${root}")
        if(AVSVT_TORCH_FOUND)
            break()
        endif()
    endforeach()
    foreach(name AVSVT_TORCH_FOUND TORCH_ROOT TORCH_LIBRARY_DIR TORCH_VERSION TORCH_CXX11_ABI)
        set(${name} "${${name}}" PARENT_SCOPE)
    endforeach()
endfunction()
