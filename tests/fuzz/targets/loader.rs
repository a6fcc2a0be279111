//! A project in any number of files, loaded and printed.
#![no_main]

#[path = "../../loader/any_input.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod any_input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| any_input::load_project(data));
