//! Tells the program which sources it is made of, so that a sweep does not go on with another scheduler than it began with.

#[expect(dead_code, reason = "only a part of it is needed here")]
#[path = "src/units/hash.rs"]
mod hash;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hash::Fingerprint;

/// What decides over results: the program, and the versions of the libraries that it is made with.
const SOURCES: [&str; 2] = ["src", "Cargo.lock"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        collect(Path::new(source), &mut files)?;
    }
    files.sort();
    let mut print = Fingerprint::new(0);
    for file in files {
        print.update(file.to_string_lossy().as_bytes());
        print.update(&fs::read(&file)?);
    }
    println!("cargo::rustc-env=FLEETSIM_BUILD={:016x}", print.value());
    Ok(())
}

/// All files of a folder and of those in it; one that is not there, as `Cargo.lock` of a library, has none.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_owned());
    }
    Ok(())
}
