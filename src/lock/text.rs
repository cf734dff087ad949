//! A text that shares its bytes with the text it was cut from.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// The text of a lock, or a part of it. Cloning and cutting are cheap: most of a lock are names and hashes of files, and none
/// of them is copied.
#[derive(Clone, Default)]
pub struct Text {
    whole: Arc<String>,
    start: usize,
    end: usize,
}

impl Text {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.whole[self.start..self.end]
    }

    /// Returns `part` as a text of its own. Nothing is copied if it lies in this one.
    pub(super) fn cut(&self, part: &str) -> Self {
        let offset = part.as_ptr().addr().checked_sub(self.whole.as_ptr().addr());
        let Some(start) = offset.filter(|start| start + part.len() <= self.whole.len()) else {
            return part.into();
        };
        Self {
            whole: Arc::clone(&self.whole),
            start,
            end: start + part.len(),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self {
            start: 0,
            end: text.len(),
            whole: Arc::new(text),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_shares_the_bytes_of_the_whole() {
        let whole = Text::from("one two");
        let part = whole.cut(&whole[4..]);
        assert_eq!(part.as_str(), "two");
        assert!(Arc::ptr_eq(&part.whole, &whole.whole));
        assert_eq!(part.cut(&part[1..]).as_str(), "wo");
    }

    #[test]
    fn what_is_no_part_is_copied() {
        let whole = Text::from("one two");
        for other in ["two", "", "something longer than the whole"] {
            assert_eq!(whole.cut(other).as_str(), other);
        }
    }
}
