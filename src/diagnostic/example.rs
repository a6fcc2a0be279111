/// Files that give a diagnostic, and the same files cured: one text per code below `examples/`.
///
/// A line `-- NAME --` starts a file, `-- cured: NAME --` what stands in it afterwards. `-- run: … --`
/// and `-- cured, run: … --` name the options of `decklift check`, where it takes some, and
/// `-- latin-1: NAME --` a file in another encoding. `-- described --` says why nothing is run, and
/// what would be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    text: &'static str,
}

/// What one part of an example is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A file as it is at fault.
    File(&'static str),
    /// The same, to be written as Latin-1.
    Latin1(&'static str),
    /// A file after the cure.
    Cured(&'static str),
    /// The options of `decklift check`.
    Options(&'static str),
    /// The options after the cure.
    CuredOptions(&'static str),
    /// Why nothing is run, and what would be printed.
    Described,
}

impl Example {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// The parts in their order, and what stands in them.
    pub fn parts(self) -> impl Iterator<Item = (Part, &'static str)> {
        let starts = self.text.match_indices("-- ").filter(|&(at, _)| {
            (at == 0 || self.text.as_bytes()[at - 1] == b'\n')
                && self.text[at..].lines().next().is_some_and(|line| line.ends_with(" --"))
        });
        let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
        let ends = starts.clone().into_iter().skip(1).chain([self.text.len()]);
        starts.into_iter().zip(ends).map(|(start, end)| {
            let part = &self.text[start..end];
            let (line, body) = part.split_once('\n').unwrap_or((part, ""));
            let name = line.trim_start_matches("-- ").trim_end_matches(" --");
            (kind(name), body)
        })
    }

    /// The options of `decklift check`, before and after the cure.
    #[must_use]
    pub fn options(self) -> (&'static str, &'static str) {
        let mut found = ("", "");
        for (part, _) in self.parts() {
            match part {
                Part::Options(options) => found = (options, options),
                Part::CuredOptions(options) => found.1 = options,
                _ => {}
            }
        }
        found
    }
}

fn kind(name: &'static str) -> Part {
    let (word, rest) = name.split_once(": ").unwrap_or((name, ""));
    match word {
        "latin-1" => Part::Latin1(rest),
        "cured" => Part::Cured(rest),
        "run" => Part::Options(rest),
        "cured, run" => Part::CuredOptions(rest),
        "described" => Part::Described,
        _ => Part::File(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let text = "-- a.yaml --\nx: -- y --\n\n-- cured: a.yaml --\nx: z\n-- run: -f a --\n";
        let example = Example::new(text);
        let parts: Vec<_> = example.parts().collect();
        assert_eq!(
            parts,
            [
                (Part::File("a.yaml"), "x: -- y --\n\n"),
                (Part::Cured("a.yaml"), "x: z\n"),
                (Part::Options("-f a"), "")
            ]
        );
        assert_eq!(example.options(), ("-f a", "-f a"));
    }
}
