# SPDX-License-Identifier: MIT
# Makes the linker's version script of the list of exported names.
function(avsvt_version_script list_file node out_file)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list_file}")
    file(STRINGS "${list_file}" names REGEX "^[a-z]")
    list(JOIN names ";\n        " joined)
    file(CONFIGURE OUTPUT "${out_file}" CONTENT
"${node} {
    global:
        ${joined};
    local: *;
};
")
endfunction()
