;; The smallest guest that speaks the ABI of runtimes/guest/abi.h. The source's first letter says what it does:
;;   e  answers with the input                 l  loops forever
;;   f  fails, with the input as the message   p  prints the input to stdout, then to stderr
;;   s  sleeps for ten seconds                 t  traps
;;   c  answers with its compiled code         m  grows its memory until it is refused
;;   d  does not compile                       w  does not end compiling
;;   o  prints the input to stdout, sleeps for 300 ms, prints it to stderr
;;   b  like e after about 5 ms of work           x  fails at its top level
;;   q  prints the input to stdout again and again
;;   h  prints the input to stdout, then loops forever
;;   k  asks for the time, then answers with the input
;;   n  answers with how often it was called in this memory
;;   i  answers with what is on stdin, which is to be JSON; null if there is nothing
;; The top level of each but `x` completes; it leaves the letter at address 600. The calls are counted at 604.
(module
  (import "ampoule" "output_write" (func $output_write (param i32 i32 i32)))
  (import "ampoule" "sleep" (func $sleep (param i64)))
  (import "ampoule" "clock_now" (func $clock_now (param i32) (result i64)))
  (memory (export "memory") 4)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 1024))
  ;; Requests lie at 64 KiB, responses at $out.
  (global $out (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))

  ;; Start and length of the fields of interest.
  (global $source (mut i32) (i32.const 0))
  (global $input (mut i32) (i32.const 0))
  (global $input_length (mut i32) (i32.const 0))
  (global $stdin (mut i32) (i32.const 288))
  (global $stdin_length (mut i32) (i32.const 4))
  (global $code (mut i32) (i32.const 0))
  (global $code_length (mut i32) (i32.const 0))

  (func (export "ampoule_alloc") (param $length i32) (result i32)
    (local $pages i32)
    ;; Room for the request and a response of the same size.
    (local.set $pages (i32.add (i32.shr_u (local.get $length) (i32.const 15)) (i32.const 2)))
    (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (return (i32.const 0))))
    (i32.const 65536))

  (func $parse (param $at i32) (param $length i32)
    (local $stop i32) (local $tag i32) (local $size i32)
    (local.set $stop (i32.add (local.get $at) (local.get $length)))
    (global.set $out (i32.and (i32.add (local.get $stop) (i32.const 15)) (i32.const -16)))
    (global.set $end (global.get $out))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $stop)) (then
        (local.set $tag (i32.load (local.get $at)))
        (local.set $size (i32.load (i32.add (local.get $at) (i32.const 4))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (if (i32.eq (local.get $tag) (i32.const 3)) (then (global.set $source (local.get $at))))
        (if (i32.eq (local.get $tag) (i32.const 4)) (then
          (global.set $code (local.get $at)) (global.set $code_length (local.get $size))))
        (if (i32.eq (local.get $tag) (i32.const 10)) (then
          (global.set $stdin (local.get $at)) (global.set $stdin_length (local.get $size))))
        (if (i32.eq (local.get $tag) (i32.const 5)) (then
          (global.set $input (local.get $at)) (global.set $input_length (local.get $size))))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br $next)))))

  (func $field (param $tag i32) (param $from i32) (param $length i32)
    (i32.store (global.get $end) (local.get $tag))
    (i32.store (i32.add (global.get $end) (i32.const 4)) (local.get $length))
    (memory.copy (i32.add (global.get $end) (i32.const 8)) (local.get $from) (local.get $length))
    (global.set $end (i32.add (i32.add (global.get $end) (i32.const 8)) (local.get $length))))

  ;; A field holding the number; address 512 is scratch.
  (func $number (param $tag i32) (param $value i32)
    (i32.store (i32.const 512) (local.get $value))
    (call $field (local.get $tag) (i32.const 512) (i32.const 4)))

  (func $answer (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (global.get $out)) (i64.const 32))
      (i64.extend_i32_u (i32.sub (global.get $end) (global.get $out)))))

  (func $completed_with_input (result i64)
    (call $number (i32.const 16) (i32.const 0))
    (call $field (i32.const 17) (global.get $input) (global.get $input_length))
    (call $answer))

  (data (i32.const 256) "SyntaxError")
  (data (i32.const 272) "Boom")
  (data (i32.const 288) "null")

  (data (i32.const 304) "{\22parameters\22:[{\22name\22:\22a\22,\22required\22:true}],\22open\22:true}")

  (func $letter (result i32) (i32.load8_u (global.get $source)))

  (func $failed (result i64)
    (call $number (i32.const 16) (i32.const 1))
    (call $field (i32.const 18) (i32.const 272) (i32.const 4))
    (call $field (i32.const 19) (global.get $input) (global.get $input_length))
    (call $answer))

  (func (export "ampoule_compile") (param i32 i32) (result i64)
    (call $parse (local.get 0) (local.get 1))
    (if (i32.eq (call $letter) (i32.const 119)) (then (loop $forever (br $forever))))
    (if (i32.eq (call $letter) (i32.const 100)) (then
      (call $number (i32.const 16) (i32.const 1))
      (call $field (i32.const 18) (i32.const 256) (i32.const 11))
      (call $number (i32.const 21) (i32.const 7))
      (return (call $answer))))
    (call $number (i32.const 16) (i32.const 0))
    ;; The code is the input the program was compiled for.
    (call $field (i32.const 4) (global.get $input) (global.get $input_length))
    (call $answer))

  (func (export "ampoule_prepare") (param i32 i32) (result i64)
    (call $parse (local.get 0) (local.get 1))
    (if (i32.eq (call $letter) (i32.const 120)) (then (return (call $failed))))
    (i32.store8 (i32.const 600) (call $letter))
    (call $number (i32.const 16) (i32.const 0))
    (call $field (i32.const 23) (i32.const 304) (i32.const 57))
    (call $answer))

  (func (export "ampoule_call") (param i32 i32) (result i64)
    (call $parse (local.get 0) (local.get 1))
    (global.set $source (i32.const 600))
    (call $main))

  (func (export "ampoule_run") (param i32 i32) (result i64)
    (call $parse (local.get 0) (local.get 1))
    (if (i32.eq (call $letter) (i32.const 120)) (then (return (call $failed))))
    (call $main))

  (func $main (result i64)
    (local $count i32)
    (i32.store (i32.const 604) (i32.add (i32.load (i32.const 604)) (i32.const 1)))
    ;; n
    (if (i32.eq (call $letter) (i32.const 110)) (then
      (i32.store8 (i32.const 608) (i32.add (i32.const 48) (i32.load (i32.const 604))))
      (call $number (i32.const 16) (i32.const 0))
      (call $field (i32.const 17) (i32.const 608) (i32.const 1))
      (return (call $answer))))
    ;; i
    (if (i32.eq (call $letter) (i32.const 105)) (then
      (call $number (i32.const 16) (i32.const 0))
      (call $field (i32.const 17) (global.get $stdin) (global.get $stdin_length))
      (return (call $answer))))
    ;; q
    (if (i32.eq (call $letter) (i32.const 113)) (then
      (loop $forever
        (call $output_write (i32.const 1) (global.get $input) (global.get $input_length))
        (br $forever))))
    ;; h
    (if (i32.eq (call $letter) (i32.const 104)) (then
      (call $output_write (i32.const 1) (global.get $input) (global.get $input_length))
      (loop $forever (br $forever))))
    ;; k
    (if (i32.eq (call $letter) (i32.const 107)) (then (drop (call $clock_now (i32.const 0)))))
    ;; l
    (if (i32.eq (call $letter) (i32.const 108)) (then (loop $forever (br $forever))))
    ;; s
    (if (i32.eq (call $letter) (i32.const 115)) (then (call $sleep (i64.const 10000000000))))
    ;; t
    (if (i32.eq (call $letter) (i32.const 116)) (then (unreachable)))
    ;; f
    (if (i32.eq (call $letter) (i32.const 102)) (then (return (call $failed))))
    ;; p
    (if (i32.eq (call $letter) (i32.const 112)) (then
      (call $output_write (i32.const 1) (global.get $input) (global.get $input_length))
      (call $output_write (i32.const 2) (global.get $input) (global.get $input_length))
      (call $number (i32.const 16) (i32.const 0))
      (call $field (i32.const 17) (i32.const 288) (i32.const 4))
      (return (call $answer))))
    ;; o
    (if (i32.eq (call $letter) (i32.const 111)) (then
      (call $output_write (i32.const 1) (global.get $input) (global.get $input_length))
      (call $sleep (i64.const 300000000))
      (call $output_write (i32.const 2) (global.get $input) (global.get $input_length))))
    ;; m
    (if (i32.eq (call $letter) (i32.const 109)) (then
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      (unreachable)))
    ;; c
    (if (i32.eq (call $letter) (i32.const 99)) (then
      (call $number (i32.const 16) (i32.const 0))
      (call $field (i32.const 17) (global.get $code) (global.get $code_length))
      (return (call $answer))))
    ;; b
    (if (i32.eq (call $letter) (i32.const 98)) (then
      (loop $work
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $work (i32.lt_u (local.get $count) (i32.const 20000000))))))
    (call $completed_with_input)))
