//! The user's `.netrc`, read as Python's `netrc` module reads it.

use crate::url::Credentials;

/// Finds the entry of `host`: the last one that names it, else the default. What is not understood says nothing, nor does an
/// entry with neither name nor password (as for requests).
pub(super) fn find(text: &str, host: &str) -> Option<Credentials> {
    // Windows ends lines with two characters, and an address has brackets around an IPv6 host.
    let text = text.replace("\r\n", "\n");
    let host = host.trim_matches(['[', ']']);
    let mut words = Words { rest: &text };
    let mut named = None;
    let mut default = None;
    while let Some(word) = words.keyword() {
        match word.as_str() {
            "machine" => {
                let machine = words.next()?;
                let credentials = read_entry(&mut words);
                if machine == host {
                    named = Some(credentials);
                }
            }
            "default" => default = Some(read_entry(&mut words)),
            "macdef" => words.skip_macro(),
            _ => return None,
        }
    }
    let found = named.or(default);
    found.filter(|held| !held.username.is_empty() || !held.password.is_empty())
}

/// Reads the fields of an entry. An account is the name where there is no other (as for requests).
fn read_entry(words: &mut Words<'_>) -> Credentials {
    let (mut login, mut account, mut password) = (String::new(), String::new(), String::new());
    loop {
        let before = words.rest;
        let field = words.keyword();
        let value = match field.as_deref() {
            Some("login" | "user") => &mut login,
            Some("password") => &mut password,
            Some("account") => &mut account,
            Some(_) | None => {
                words.rest = before;
                let username = if login.is_empty() { account } else { login };
                return Credentials { username, password };
            }
        };
        *value = words.next().unwrap_or_default();
    }
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    /// Takes the next word where no value is due: there may be comments before it, each to the end of its line.
    fn keyword(&mut self) -> Option<String> {
        loop {
            self.skip_blank();
            if !self.rest.starts_with('#') {
                return self.next();
            }
            self.skip_line();
        }
    }

    /// Takes the next word; quotes hold words together, a backslash takes the next character as it is.
    fn next(&mut self) -> Option<String> {
        self.skip_blank();
        let quoted = self.rest.strip_prefix('"');
        let mut characters = quoted.unwrap_or(self.rest).chars();
        let mut word = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' => word.extend(characters.next()),
                '"' if quoted.is_some() => {
                    self.rest = characters.as_str();
                    return Some(word);
                }
                blank if is_blank(blank) && quoted.is_none() => {
                    self.rest = characters.as_str();
                    return Some(word);
                }
                character => word.push(character),
            }
        }
        self.rest = "";
        (quoted.is_some() || !word.is_empty()).then_some(word)
    }

    fn skip_blank(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// A macro ends at the first empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

/// Tells whether a character is between words: no others are.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, expected: Option<(&str, &str)>) {
        let found = find(text, "a.example");
        let found = found
            .as_ref()
            .map(|found| (found.username.as_str(), found.password.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn entries_are_found_by_host() {
        finds("", None);
        finds("machine a.example login u password p", Some(("u", "p")));
        finds(
            "machine a.example\n\tlogin u\n\tpassword p\n",
            Some(("u", "p")),
        );
        finds("machine b.example login u password p", None);
        finds("machine a.example password p", Some(("", "p")));
        finds(
            "machine a.example login u password p\nmachine a.example login v password q",
            Some(("v", "q")),
        );
        finds(
            "machine a.example login u account x password \"p \\\" q\"",
            Some(("u", "p \" q")),
        );
        finds("machine a.example login u password #p", Some(("u", "#p")));
    }

    #[test]
    fn an_entry_is_what_requests_makes_of_it() {
        finds("machine a.example account u password p", Some(("u", "p")));
        finds(
            "machine a.example account x login u password p",
            Some(("u", "p")),
        );
        finds("machine a.example", None);
        finds("machine a.example\ndefault login d password e", None);
        finds(
            "machine a.example login u password p\u{a0}q",
            Some(("u", "p\u{a0}q")),
        );
        finds(
            "macdef init\r\ncd /\r\n\r\nmachine a.example login u\r\npassword p\r\n",
            Some(("u", "p")),
        );
        let of_ipv6 = find("machine ::1 login u password p", "[::1]");
        assert_eq!(of_ipv6.map(|found| found.username).as_deref(), Some("u"));
    }

    #[test]
    fn the_default_is_for_the_rest() {
        finds(
            "machine b.example login u password p default login d password e",
            Some(("d", "e")),
        );
        finds(
            "machine a.example login u password p\ndefault login d password e",
            Some(("u", "p")),
        );
    }

    #[test]
    fn comments_and_macros_are_passed_over() {
        finds(
            "# machine a.example login x\nmachine a.example login u password p",
            Some(("u", "p")),
        );
        for comment in ["#", "#work", "# work", "#work\n\n#home"] {
            let entry = "machine a.example login u password p";
            finds(&format!("{comment}\n{entry}"), Some(("u", "p")));
            finds(
                &format!("machine a.example {comment}\nlogin u\n{comment}\npassword p\n{comment}"),
                Some(("u", "p")),
            );
        }
        finds(
            "machine a.example # here\n login u # there\n password p",
            Some(("u", "p")),
        );
        finds(
            "macdef init\nmachine a.example login x\n\nmachine a.example login u password p",
            Some(("u", "p")),
        );
        finds(
            "machine b.example login u\nmacdef init\ncd /\n\ndefault login d",
            Some(("d", "")),
        );
    }

    #[test]
    fn nonsense_says_nothing() {
        finds("machine", None);
        finds("machine a.example login", None);
        finds("host a.example login u", None);
        finds("\"", None);
        finds("machine a.example password \"p", Some(("", "p")));
    }
}
