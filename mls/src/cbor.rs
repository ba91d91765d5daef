//! The part of CBOR (RFC 8949) this protocol uses, read strictly: definite lengths, no tags, no floats, bounded depth; what the
//! values mean is left to others.

use crate::error::{Code, Outcome, refuse};

/// Deeper nesting than any message of ours has.
const MAX_DEPTH: u8 = 8;

/// No map of ours has more keys; looking for one that stands twice takes quadratic time.
const MAX_KEYS: u64 = 64;

/// A CBOR value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Uint(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// The value under a key of a map; `None` where this is no map or has no such key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value under an integer key.
    pub fn at(&self, key: u64) -> Option<&Value> {
        self.get(&Value::Uint(key))
    }

    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Self::Uint(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Uint(number)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A map with text keys, as answers are.
pub fn record<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

/// A map with the keys 1, 2, 3…, as what is signed or stored is.
pub fn numbered<const N: usize>(values: [Value; N]) -> Value {
    Value::Map(
        (1u64..)
            .zip(values)
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

/// The one value in `bytes`; nothing may follow it.
///
/// # Errors
/// `malformed` for anything else.
pub fn decode(bytes: &[u8]) -> Outcome<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        refuse(Code::Malformed, "bytes after the CBOR value")
    }
}

/// The value in its shortest form.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Outcome<&'a [u8]> {
        match usize::try_from(count)
            .ok()
            .and_then(|count| self.rest.split_at_checked(count))
        {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => refuse(Code::Malformed, "CBOR ends too early"),
        }
    }

    fn head(&mut self) -> Outcome<(u8, u64)> {
        let first = self.take(1)?[0];
        let length = match first & 0x1f {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return refuse(Code::Malformed, "CBOR of indefinite length"),
        };
        let argument = self
            .take(length)?
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        Ok((first >> 5, argument))
    }

    fn value(&mut self, depth: u8) -> Outcome<Value> {
        if depth > MAX_DEPTH {
            return refuse(Code::Malformed, "CBOR too deep");
        }
        let (major, argument) = self.head()?;
        match major {
            0 => Ok(Value::Uint(argument)),
            2 => Ok(Value::Bytes(self.take(argument)?.to_vec())),
            3 => match std::str::from_utf8(self.take(argument)?) {
                Ok(text) => Ok(Value::Text(text.to_owned())),
                Err(_) => refuse(Code::Malformed, "CBOR text that is no UTF-8"),
            },
            4 => (0..argument)
                .map(|_| self.value(depth + 1))
                .collect::<Outcome<_>>()
                .map(Value::Array),
            5 if argument > MAX_KEYS => refuse(Code::Malformed, "a CBOR map with too many keys"),
            5 => {
                let mut entries: Vec<(Value, Value)> = Vec::new();
                for _ in 0..argument {
                    let key = self.value(depth + 1)?;
                    if entries.iter().any(|(known, _)| *known == key) {
                        return refuse(Code::Malformed, "a CBOR map with a key twice");
                    }
                    entries.push((key, self.value(depth + 1)?));
                }
                Ok(Value::Map(entries))
            }
            7 if argument == 20 => Ok(Value::Bool(false)),
            7 if argument == 21 => Ok(Value::Bool(true)),
            // `undefined` is how JavaScript writes an argument that is not given.
            7 if argument == 22 || argument == 23 => Ok(Value::Null),
            _ => refuse(
                Code::Malformed,
                "a kind of CBOR value that is not used here",
            ),
        }
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(truth) => out.push(0xf4 + u8::from(*truth)),
        Value::Uint(number) => head(0, *number, out),
        Value::Bytes(bytes) => {
            head(2, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Value::Text(text) => {
            head(3, text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len() as u64, out);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Map(entries) => {
            head(5, entries.len() as u64, out);
            for (key, value) in entries {
                write(key, out);
                write(value, out);
            }
        }
    }
}

fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let bytes = argument.to_be_bytes();
    let (code, length) = match argument {
        0..=23 => return out.push(major << 5 | bytes[7]),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | code);
    out.extend_from_slice(&bytes[8 - length..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back_as_it_went() {
        let value = Value::Array(vec![
            Value::Null,
            Value::Bool(true),
            23.into(),
            24.into(),
            256.into(),
            65_536.into(),
            u64::MAX.into(),
            vec![0; 300].into(),
            "é".into(),
            numbered(["a".into(), Value::Array(vec![])]),
        ]);

        assert_eq!(decode(&encode(&value)), Ok(value));
    }

    #[test]
    fn a_float_a_tag_and_an_endless_string_are_malformed() {
        for bytes in [
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &[0xc0, 0x00],
            &[0x5f, 0xff],
            &[0x9b, 0xff, 0xff],
        ] {
            assert_eq!(
                decode(bytes).map_err(|refusal| refusal.code),
                Err(Code::Malformed)
            );
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_malformed() {
        assert_eq!(
            decode(&[0xa2, 1, 1, 1, 2]).map_err(|refusal| refusal.code),
            Err(Code::Malformed)
        );
    }
}
