//! What single projects and build programs say, each in its own words.

use super::{MissingTool, ToolKind, between};

/// A part of a line, and what is missing where it occurs.
const PHRASES: [(&str, ToolKind, &str); 21] = [
    ("can't find Rust compiler", ToolKind::Program, "rustc"),
    (
        "rustc, the rust compiler, is not installed",
        ToolKind::Program,
        "rustc",
    ),
    (
        "Cargo, the Rust package manager, is not installed",
        ToolKind::Program,
        "cargo",
    ),
    (
        "pg_config executable not found",
        ToolKind::Program,
        "pg_config",
    ),
    (
        "pg_config is required to build",
        ToolKind::Program,
        "pg_config",
    ),
    ("mysql_config not found", ToolKind::Program, "mysql_config"),
    // mysqlclient from 2.2 on.
    (
        "Can not find valid pkg-config name",
        ToolKind::Header,
        "mysql.h",
    ),
    ("CMake must be installed", ToolKind::Program, "cmake"),
    ("Could not find CMake", ToolKind::Program, "cmake"),
    ("Could not detect Ninja", ToolKind::Program, "ninja"),
    ("Could not find Ninja", ToolKind::Program, "ninja"),
    ("Did not find pkg-config", ToolKind::Program, "pkg-config"),
    ("no Fortran compiler found", ToolKind::Program, "gfortran"),
    (
        "No CMAKE_C_COMPILER could be found",
        ToolKind::Program,
        "cc",
    ),
    (
        "No CMAKE_CXX_COMPILER could be found",
        ToolKind::Program,
        "c++",
    ),
    (
        "No CMAKE_Fortran_COMPILER could be found",
        ToolKind::Program,
        "gfortran",
    ),
    ("no acceptable C compiler found", ToolKind::Program, "cc"),
    // The crate openssl-sys.
    (
        "Could not find directory of OpenSSL installation",
        ToolKind::Header,
        "openssl/ssl.h",
    ),
    // Pillow.
    (
        "library files could not be found for zlib",
        ToolKind::Header,
        "zlib.h",
    ),
    (
        "library files could not be found for jpeg",
        ToolKind::Header,
        "jpeglib.h",
    ),
    // lxml.
    (
        "make sure the libxml2 and libxslt development packages",
        ToolKind::Header,
        "libxml/xmlversion.h",
    ),
];

pub(super) fn recognize(line: &str) -> Option<MissingTool> {
    let mut phrases = PHRASES.iter();
    let known = phrases.find(|(phrase, _, _)| line.contains(phrase));
    let known = known.map(|(_, kind, name)| MissingTool::new(*kind, name));
    known.or_else(|| compiler_of_meson(line))
}

/// `ERROR: Unknown compiler(s): [['cc'], ['gcc']]` lists what was tried, the usual one first.
fn compiler_of_meson(line: &str) -> Option<MissingTool> {
    let name = between(line, "Unknown compiler(s): [['", "'")?;
    Some(MissingTool::program(name))
}
