//! Links the program at a fixed address on Linux.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The AWS SDK brings 150,000 addresses that the loader would rewrite at each start, used or not:
    // half of the time that a short command takes. What is given up is a random place for the
    // program's own code; stack, heap and libraries keep theirs, and the program is safe Rust.
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
