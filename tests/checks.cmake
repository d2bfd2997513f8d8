# SPDX-License-Identifier: MIT
# Checks of the house: headers, exported names, ABI, installed tree, comments,
# behaviour in a host. None is skipped when its tool is missing: it fails.

# Each public header alone, in every language that may include it.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
    ${PROJECT_SOURCE_DIR}/include/avsvt/*.h)
foreach(header ${headers})
    foreach(standard c99 c11 c++17)
        string(REGEX REPLACE "[0-9]+$" "" language ${standard})
        add_test(NAME headers/${header}/${standard} COMMAND ${CMAKE_C_COMPILER}
            -x ${language} -std=${standard} -pedantic -Wall -Wextra -Werror -fsyntax-only
            -I ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/${header})
    endforeach()
endforeach()

# What their macros make, in a program that wants few casts and no surprises.
set(inits ${CMAKE_CURRENT_BINARY_DIR}/inits.c)
set(lines "#include <avsvt/avsvt.h>\nint main(void)\n{\n")
foreach(header ${headers})
    file(STRINGS ${PROJECT_SOURCE_DIR}/include/${header} macros REGEX "^#define AVSVT_[A-Z_]+_INIT")
    list(TRANSFORM macros REPLACE "^#define (AVSVT_[A-Z_]+_INIT).*" "\\1")
    foreach(macro ${macros})
        string(TOLOWER ${macro} type)
        string(REGEX REPLACE "_init$" "" type ${type})
        string(APPEND lines "    { ${type} made = ${macro}; (void)made; }\n")
    endforeach()
endforeach()
file(GENERATE OUTPUT ${inits} CONTENT "${lines}}\n")
foreach(standard c99 c11 c++11 c++20)
    string(REGEX REPLACE "[0-9]+$" "" language ${standard})
    set(strict -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Werror)
    if(language STREQUAL "c++")
        list(APPEND strict -Wold-style-cast)
    endif()
    add_test(NAME headers/inits/${standard} COMMAND ${CMAKE_C_COMPILER} -x ${language} -std=${standard}
        ${strict} -fsyntax-only -I ${PROJECT_SOURCE_DIR}/include ${inits})
endforeach()

add_test(NAME checks/lint COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/lint.py ${PROJECT_SOURCE_DIR})

set(AVSVT_DOCS_DIR ${PROJECT_BINARY_DIR}/docs)
configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
add_test(NAME checks/doxygen COMMAND doxygen ${PROJECT_BINARY_DIR}/Doxyfile)

add_test(NAME checks/symbols COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/abi/symbols.sh
    $<TARGET_FILE:avsvt> ${PROJECT_SOURCE_DIR}/lib/symbols.txt)
add_test(NAME checks/bound COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/abi/bound.sh $<TARGET_FILE:avsvt>)
if(TARGET avsvt_lv2)
    add_test(NAME checks/bound_lv2 COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/abi/bound.sh $<TARGET_FILE:avsvt_lv2>)
endif()

add_executable(host host/host.c)
target_include_directories(host PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(host PRIVATE avsvt_flags Threads::Threads ${CMAKE_DL_LIBS} m)
add_dependencies(host avsvt)
add_test(NAME checks/host COMMAND host $<TARGET_FILE:avsvt>)

# Instrumented code has other needs and another size.
if(NOT AVSVT_SANITIZE)
    add_test(NAME checks/abi COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/abi/check.sh
        $<TARGET_FILE:avsvt> ${PROJECT_SOURCE_DIR})
    add_test(NAME checks/nothing COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/host/nothing.py
        ${CMAKE_C_COMPILER} ${PROJECT_SOURCE_DIR}/include $<TARGET_FILE:avsvt>)
    add_test(NAME checks/consume COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/consume/run.sh
        ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/consume
        ${CMAKE_INSTALL_LIBDIR} ${CMAKE_C_COMPILER})
endif()
