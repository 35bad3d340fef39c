#!/usr/bin/env bats
# What the compiler and the linker were told to do, read off the programs: the runtime runs as root on
# files that strangers wrote, and the default root's program stands for any other.

load helpers

# Call an assertion for each program, with the output of readelf or nm.
each_program() { # ASSERTION ARGUMENT TOOL OPTION...
        local assertion=$1 argument=$2 program

        shift 2
        for program in "$OCIRUN" "$OCIRUN_HELLO"; do
                run "$@" "$program"
                assert_status 0
                "$assertion" "$argument" || fail "in $program"
        done
}

# The instructions of a function of the runtime.
disassemble() {
        run objdump --disassemble="$1" --no-show-raw-insn "$OCIRUN"
        assert_output_contains "<$1>:"
}

@test "position-independent" {
        each_program assert_output_matches 'Type: +DYN' readelf --file-header
        each_program assert_output_contains 'PIE' readelf --dynamic
}

@test "static: no loader, no libraries" {
        needs static
        each_program refute_output_contains INTERP readelf --program-headers
        each_program refute_output_contains NEEDED readelf --dynamic
}

@test "relocations become read-only, and none is left for later (full RELRO)" {
        each_program assert_output_contains GNU_RELRO readelf --program-headers
        each_program assert_output_matches 'FLAGS_1.*NOW' readelf --dynamic
        each_program refute_output_contains TEXTREL readelf --dynamic
}

@test "no memory is writable and executable" {
        each_program assert_output_matches 'GNU_STACK[^E]*RW ' readelf --program-headers --wide
        each_program refute_output_contains 'RWE' readelf --program-headers --wide
}

@test "libraries are not looked for in places that a build had" {
        each_program refute_output_contains RPATH readelf --dynamic
        each_program refute_output_contains RUNPATH readelf --dynamic
}

@test "functions with buffers check the stack's canary" {
        needs hardened
        disassemble host_fd_path
        assert_output_contains '__stack_chk_fail'
}

@test "a large frame is touched page by page (stack clash protection)" {
        needs hardened machine:x86_64
        # its path[] is larger than a page
        disassemble host_fd_path
        assert_output_matches '(or[lq]|sub[lq]?|mov[lq]) +\$0x0,.*\(%[re]sp\)'
}

@test "functions begin where an indirect jump may land (control flow protection)" {
        needs hardened machine:x86_64
        disassemble err_format
        assert_output_contains endbr64
}

@test "buffers whose size is known only at run time are checked (_FORTIFY_SOURCE=3)" {
        needs hardened gcc-build
        # host_read_file() reads into memory that it has just allocated: level 2 cannot know its size
        disassemble host_read_file
        assert_output_contains '__read_chk'
}
