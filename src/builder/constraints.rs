//! Files of constraints.

/// Reads a file of constraints, as pip has them: a requirement a line, comments, and lines that go on after a `\`. Options
/// (lines that begin with `-`) say nothing about versions, and hashes after a requirement prove nothing that is not proven by
/// the index, so both are left out.
pub fn parse_constraints(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = joined.lines().map(without_comment);
    let lines = lines.map(|line| line.split(" --").next().unwrap_or_default().trim());
    let requirements = lines.filter(|line| !line.is_empty() && !line.starts_with('-'));
    requirements.map(str::to_owned).collect()
}

/// A comment begins at the start of a line or after white space.
fn without_comment(line: &str) -> &str {
    let mut hashes = line.match_indices('#').map(|(at, _)| at);
    let is_comment = |at: &usize| *at == 0 || line[..*at].ends_with(char::is_whitespace);
    hashes.find(is_comment).map_or(line, |at| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_and_nothing_else() {
        let text = "# comment\n\
            setuptools<70 # why\n\
            -i https://acme.example/simple\n\
            \n\
            cython==3.0 ; python_version < '3.12' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\r\n\
            wheel @ https://acme.example/w.whl#sha256=00\n";
        assert_eq!(
            parse_constraints(text),
            [
                "setuptools<70",
                "cython==3.0 ; python_version < '3.12'",
                "wheel @ https://acme.example/w.whl#sha256=00"
            ]
        );
    }
}
