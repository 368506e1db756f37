//! Text from outside made safe for a line: nothing in a value can end the line, colour a terminal,
//! or turn the reading direction. Used by `line`, and by whoever writes JSON without a value tree.

use crate::limits::FIELD_BYTES;

/// Appends `text` as a JSON string, quotes included. Besides what JSON demands, it escapes
/// everything that a terminal or an editor acts upon instead of showing it.
pub fn json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if text.bytes().all(is_plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escaped(out, text);
    }
    out.push(b'"');
}

/// Appends `text` for a person: bare when it is one clean word, else quoted and escaped.
pub(crate) fn pretty(out: &mut Vec<u8>, text: &str) {
    if !text.is_empty() && text.bytes().all(|byte| is_plain(byte) && byte != b' ' && byte != b'=') {
        out.extend_from_slice(text.as_bytes());
    } else {
        json(out, text);
    }
}

/// The front part of `text` that fits a field, and whether anything was cut off.
pub(crate) fn fitting(text: &str) -> (&str, bool) {
    if text.len() <= FIELD_BYTES {
        return (text, false);
    }
    (&text[..text.floor_char_boundary(FIELD_BYTES)], true)
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    for char in text.chars() {
        match char {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            char if acts_on_reader(char) => {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.push(b"0123456789abcdef"[usize::from(*unit >> shift) & 0xf]);
                    }
                }
            }
            char => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Controls, line and paragraph separators, marks that are invisible or turn the text around.
fn acts_on_reader(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_json(text: &str) -> String {
        let mut out = Vec::new();
        json(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn whatever_goes_in_comes_out_of_a_json_parser_unchanged() {
        for text in
            ["", "plain", "a\"b\\c", "\r\n\t\u{0}\u{1b}[31m", "Grüße 日本", "\u{202e}\u{e0041}"]
        {
            let written = as_json(text);
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn nothing_that_acts_on_a_terminal_or_turns_the_text_is_written_as_it_is() {
        let nasty = "\u{1b}[2J\u{9b}31m\r\n\u{202e}\u{2066}\u{2028}\u{feff}\u{7f}\u{e0041}";
        let written = as_json(nasty);
        assert!(written.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{written}");
        let mut out = Vec::new();
        pretty(&mut out, nasty);
        assert!(out.iter().all(|byte| matches!(byte, 0x20..=0x7e)));
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = "ü".repeat(FIELD_BYTES);
        let (front, cut) = fitting(&long);
        assert!(cut && front.len() <= FIELD_BYTES && front.chars().all(|char| char == 'ü'));
    }
}
