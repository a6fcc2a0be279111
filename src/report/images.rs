//! Images and where they stand, as text.

use super::frame::bytes;
use super::table::{Table, cut};
use crate::inspect::{Moment, ServiceImage, StoredImage};

/// How much room there is, and what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImagesOptions {
    /// Columns; `None` where nobody reads it on a terminal: then every value stands in full.
    pub width: Option<usize>,
    /// What times are told from.
    pub now: Moment,
    /// Whether the other images of the repositories are shown, too.
    pub all: bool,
}

/// The digits of a digest that tell it from the others.
const SHORT: usize = 12;
/// The columns that may be cut, and how little of them is still of use.
const TAG: usize = 2;
const REPOSITORY: usize = 1;
const LEAST: usize = 16;

/// One row an image.
#[must_use]
pub fn text(images: &[ServiceImage], options: ImagesOptions) -> String {
    let mut table = Table::default();
    table.row(["SERVICE", "REPOSITORY", "TAG", "DIGEST", "SIZE", "PUSHED"]);
    for image in images {
        let missing = if image.own { "not pushed" } else { "not ours" };
        let head = [image.service.as_str(), &image.repository, &image.tag].map(str::to_owned);
        let tail = match &image.stored {
            Some(stored) => told(stored, options),
            None => ["-", "-", missing].map(str::to_owned),
        };
        table.row(head.into_iter().chain(tail));
        for other in image.others.iter().filter(|_| options.all) {
            let tag = other.tags.first().map_or("-", String::as_str);
            let head = ["", image.repository.as_str(), tag].map(str::to_owned);
            table.row(head.into_iter().chain(told(other, options)));
        }
    }
    let mut lines = match options.width {
        Some(width) => {
            table.fit(TAG, width, LEAST);
            table.fit(REPOSITORY, width, LEAST);
            table.lines().iter().map(|line| cut(line, width)).collect()
        }
        None => table.lines(),
    };
    let (count, size) = unused(images);
    if count > 0 && !options.all {
        let noun = if count == 1 { "image" } else { "images" };
        lines.push(format!("{count} other {noun} in the repositories: {} (--all)", bytes(size)));
    }
    lines.join("\n")
}

fn told(image: &StoredImage, options: ImagesOptions) -> [String; 3] {
    let digest = match options.width {
        Some(_) => {
            let digits = image.digest.split(':').next_back().unwrap_or_default();
            digits.chars().take(SHORT).collect()
        }
        None => image.digest.clone(),
    };
    let pushed = match (image.pushed, options.width) {
        (None, _) => "-".to_owned(),
        (Some(moment), Some(_)) => moment.ago(options.now),
        (Some(moment), None) => moment.seconds(),
    };
    [digest, image.size.map_or_else(|| "-".to_owned(), bytes), pushed]
}

/// How many images no service of the file needs, and their bytes.
fn unused(images: &[ServiceImage]) -> (usize, u64) {
    let others = || images.iter().flat_map(|image| &image.others);
    (others().count(), others().filter_map(|image| image.size).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(digit: char, size: u64) -> StoredImage {
        StoredImage {
            digest: format!("sha256:{}", digit.to_string().repeat(64)),
            tags: vec![format!("tag-{digit}")],
            size: Some(size),
            pushed: Some(Moment::from_millis(1_000_000)),
        }
    }

    fn images() -> Vec<ServiceImage> {
        let image = |service: &str, tag: &str| ServiceImage {
            service: service.to_owned(),
            repository: format!("shop/{service}"),
            tag: tag.to_owned(),
            stored: None,
            own: true,
            others: Vec::new(),
        };
        let web = ServiceImage {
            stored: Some(stored('a', 5 << 20)),
            others: vec![stored('b', 1 << 20), stored('c', 1 << 20)],
            ..image("web", "decklift-0123456789abcdef01234567")
        };
        let store =
            ServiceImage { repository: "redis".to_owned(), own: false, ..image("store", "7") };
        vec![web, image("api", "decklift-1"), store]
    }

    #[test]
    fn what_is_missing_says_so_and_what_is_over_is_counted() {
        let now = Moment::from_millis(61_000_000);
        let options = ImagesOptions { width: Some(72), now, all: false };
        let all = text(&images(), options);
        assert_eq!(
            all,
            "SERVICE  REPOSITORY  TAG               DIGEST        SIZE     PUSHED\n\
             web      shop/web    decklift-012345…  aaaaaaaaaaaa  5.0 MiB  16 h ago\n\
             api      shop/api    decklift-1        -             -        not pushed\n\
             store    redis       7                 -             -        not ours\n\
             2 other images in the repositories: 2.0 MiB (--all)"
        );
        assert!(all.lines().all(|line| line.chars().count() <= 72), "{all}");
    }

    #[test]
    fn in_a_pipe_every_value_stands_in_full() {
        let options = ImagesOptions { width: None, now: Moment::now(), all: true };
        let all = text(&images(), options);
        assert!(all.contains(&format!("sha256:{}", "a".repeat(64))), "{all}");
        assert!(all.contains("1970-01-01T00:16:40Z"), "{all}");
        assert_eq!(all.matches("shop/web").count(), 3, "{all}");
    }
}
