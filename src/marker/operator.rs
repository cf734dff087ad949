//! The operators of comparisons in markers.

/// The operator of a comparison, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operator {
    Compatible,
    NotEqual,
    GreaterEqual,
    Greater,
    LessEqual,
    Less,
    Identical,
    Equal,
    /// One `=`, which only constraints know.
    Assign,
    NotIn,
    In,
}

impl Operator {
    /// Returns the operator that `text` begins with and the length of its name.
    pub(super) fn parse_prefix(text: &str) -> Option<(Self, usize)> {
        let mut operators = OPERATORS.iter();
        let (spelling, operator) = operators.find(|(spelling, _)| text.starts_with(spelling))?;
        Some((*operator, spelling.len()))
    }

    pub(super) fn as_str(self) -> &'static str {
        let mut operators = OPERATORS.iter();
        operators
            .find(|(_, operator)| *operator == self)
            .map_or("", |(spelling, _)| spelling)
    }

    pub(super) fn is_containment(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    /// Returns the operator that says the same when the sides change places; containment and `~=` have none.
    pub(super) fn mirror(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::Identical | Self::NotEqual => self,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::In | Self::NotIn | Self::Compatible | Self::Assign => return None,
        })
    }

    /// Returns the operator that holds where this one does not; `~=` has none.
    pub(super) fn invert(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::Identical | Self::Assign => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Compatible => return None,
        })
    }
}

/// Spellings, each before those that it begins with.
pub(super) const OPERATORS: [(&str, Operator); 11] = [
    ("~=", Operator::Compatible),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    (">", Operator::Greater),
    ("<=", Operator::LessEqual),
    ("<", Operator::Less),
    ("===", Operator::Identical),
    ("==", Operator::Equal),
    ("=", Operator::Assign),
    ("not in", Operator::NotIn),
    ("in", Operator::In),
];
