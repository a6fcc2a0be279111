//! Any bytes, read as YAML.
#![no_main]

#[path = "../../loader/any_input.rs"]
#[allow(dead_code, reason = "the other target uses the rest")]
mod any_input;

libfuzzer_sys::fuzz_target!(|data: &[u8]| any_input::read(data));
