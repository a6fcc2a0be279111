/// Turns the parser's positions, which count characters, into bytes.
pub(super) struct Positions<'a> {
    text: &'a str,
    base: usize,
    /// The byte offset of every `STRIDE`th character; empty for ASCII text.
    marks: Vec<u32>,
}

const STRIDE: usize = 64;

impl<'a> Positions<'a> {
    /// `base` is added to every answer: the bytes before `text` in its file.
    pub(super) fn new(text: &'a str, base: usize) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .step_by(STRIDE)
                .map(|(byte, _)| u32::try_from(byte).unwrap_or(u32::MAX))
                .collect()
        };
        Self { text, base, marks }
    }

    /// The byte offset of the character with this index, the end of the text when there is none.
    pub(super) fn byte(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return self.base + character.min(self.text.len());
        }
        let Some(&mark) = self.marks.get(character / STRIDE) else {
            return self.base + self.text.len();
        };
        let mark = mark as usize;
        // As many bytes as characters up to the next mark: all of them are ASCII.
        let next = self.marks.get(character / STRIDE + 1);
        if next.is_some_and(|&next| next as usize == mark + STRIDE) {
            return self.base + mark + character % STRIDE;
        }
        let rest = self.text.get(mark..).unwrap_or_default();
        let inside =
            rest.char_indices().nth(character % STRIDE).map_or(rest.len(), |(byte, _)| byte);
        self.base + mark + inside
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn characters_become_bytes() {
        let text: String = "aü€😀".repeat(50);
        let positions = Positions::new(&text, 3);
        for (index, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(positions.byte(index), byte + 3);
        }
        assert_eq!(positions.byte(10_000), text.len() + 3);
        let text = format!("{}ü{}", "a".repeat(200), "b".repeat(200));
        let positions = Positions::new(&text, 0);
        for (index, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(positions.byte(index), byte);
        }
        assert_eq!(Positions::new("abc", 0).byte(9), 3);
    }
}
