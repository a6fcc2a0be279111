use std::cmp::Ordering;
use std::convert::Infallible;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::manifest::{Idle, Manifest, Step};
use super::sorted::Printer;
use crate::ecs::desired::{Body, Call, Desired, Requests, Resource};
use crate::parallel;
use crate::plan::{Action, first_deploy};

/// Where the order of the requests stands.
const MANIFEST: &str = "manifest.json";
/// How the names of the others end.
const END: &[u8; 5] = b".json";
/// How many files a thread prints at a time.
const A_PART: usize = 128;

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, relative to the export's folder, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All files of an [`Export`], sorted by path, the manifest at the end.
#[must_use]
pub fn requests(desired: &Desired) -> Vec<File> {
    let mut files = Vec::new();
    let Ok(()) = Export::new(desired).each(|path, text| {
        files.push(File { path: path.to_owned(), text: text.to_owned() });
        Ok::<_, Infallible>(())
    });
    files
}

/// One file a request, at `<aws service>/<operation>/<name>.json`, each as `aws <aws service>
/// <operation> --cli-input-json` takes it, and `manifest.json`, which says in which order a first
/// deploy sends them.
///
/// What is not known is a placeholder: `${aws.account}` and the like for facts,
/// `${kind/name/attribute}` for what another request answers. The same project gives the same bytes.
#[derive(Debug)]
pub struct Export<'a> {
    stack: &'a str,
    /// Sorted by path.
    files: Vec<Entry<'a>>,
    /// In the order of a first deploy.
    steps: Vec<Step<'a>>,
}

/// A file that a request is printed into.
#[derive(Debug)]
struct Entry<'a> {
    place: Place<'a>,
    /// How the name starts.
    head: u128,
    resource: &'a Resource,
    /// Which of the resource's requests it is.
    index: usize,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(super) struct Place<'a>(Call<'a>);

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.path())
    }
}

impl Place<'_> {
    fn path(&self) -> String {
        let Call { service, operation, name } = &self.0;
        [service, "/", operation, "/", name, ".json"].concat()
    }

    /// The first bytes of the file's name as a number, which compares as they do: names hold no
    /// byte 0.
    fn head(&self) -> u128 {
        let mut head = [0; size_of::<u128>()];
        let name = self.0.name.bytes().chain(*END);
        head.iter_mut().zip(name).for_each(|(to, from)| *to = from);
        u128::from_be_bytes(head)
    }
}

impl Entry<'_> {
    /// As the paths compare.
    fn by_path(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.place.0, &other.place.0);
        ended(one.service, two.service, b"/")
            .then_with(|| ended(one.operation, two.operation, b"/"))
            .then_with(|| self.head.cmp(&other.head))
            .then_with(|| ended(&one.name, &two.name, END))
    }
}

/// Compares two texts as if both had this end.
fn ended(one: &str, other: &str, end: &[u8]) -> Ordering {
    if std::ptr::eq(one, other) {
        return Ordering::Equal;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let shared = one.len().min(other.len());
    let rest = |text| <[u8]>::iter(text).skip(shared).chain(end);
    one[..shared].cmp(&other[..shared]).then_with(|| rest(one).cmp(rest(other)))
}

impl<'a> Export<'a> {
    /// What a first deploy sends.
    #[must_use]
    pub fn new(desired: &'a Desired) -> Self {
        Self::in_order(desired, &first_deploy(desired))
    }

    /// [`Export::new`], where what a first deploy does is known.
    #[must_use]
    pub fn in_order(desired: &'a Desired, first_deploy: &[(usize, Action)]) -> Self {
        // Few resources take more requests than two.
        let count = 2 * first_deploy.len();
        let (files, steps) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut export = Self { stack: &desired.stack, files, steps };
        for &(place, action) in first_deploy {
            if let Some((_, resource)) = desired.resources.get_index(place) {
                export.add(resource, action);
            }
        }
        export.files.sort_by(Entry::by_path);
        export
    }

    fn add(&mut self, resource: &'a Resource, action: Action) {
        let id = &resource.id;
        match action {
            Action::Create => self.send(resource, || None),
            // Its names must exist before any task that may use them starts.
            Action::CreateIdle => self.send(resource, || Some(Idle::default())),
            Action::NewDeployment => {
                if let Body::Service(service) = &resource.body {
                    self.steps.push(Step::first_tasks(id, service));
                }
            }
            Action::Run => {
                self.send(resource, || None);
                self.steps.push(Step::Wait { wait: id });
            }
            Action::Rollout => self.steps.push(Step::Wait { wait: id }),
            Action::Update | Action::Stop | Action::Delete => {}
        }
    }

    fn send(&mut self, resource: &'a Resource, with: fn() -> Option<Idle>) {
        let mut calls = Calls(Vec::new());
        resource.body.each_request(&resource.id.name, &mut calls);
        for (index, call) in calls.0.into_iter().enumerate() {
            let place = Place(call);
            let request = place.clone();
            self.steps.push(Step::Request { request, resource: &resource.id, with: with() });
            self.files.push(Entry { head: place.head(), place, resource, index });
        }
        self.steps.extend(Step::beside_requests(resource));
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len() + 1
    }

    /// Never: there is always a manifest.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Hands each file to `take`: its path, relative to the export's folder, with `/`, and what it
    /// says.
    ///
    /// # Errors
    ///
    /// The first of `take`, which ends it.
    pub fn each<E>(&self, mut take: impl FnMut(&str, &str) -> Result<(), E>) -> Result<(), E> {
        let mut printer = Printer::default();
        for file in &self.files {
            file.print(&mut printer, 0);
            printer.push("\n");
            take(&file.place.path(), printer.text())?;
            printer.clear();
        }
        printer.print(&self.manifest(), 0);
        printer.push("\n");
        take(MANIFEST, printer.text())
    }

    /// Writes the files as one JSON document: what each says, by path.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn document(&self, out: &mut dyn Write) -> io::Result<()> {
        // The manifest stands among the others, as a part of its own.
        let above = self.files.partition_point(|file| *file.place.path() < *MANIFEST);
        let (above, below) = self.files.split_at(above);
        let parts: Vec<_> = above
            .chunks(A_PART)
            .map(Part::Files)
            .chain([Part::Manifest])
            .chain(below.chunks(A_PART).map(Part::Files))
            .collect();
        let maker = || {
            let mut printer = Printer::default();
            let parts = &parts;
            move |part: usize| {
                self.part(&parts[part], part == 0, &mut printer);
                printer.take()
            }
        };
        out.write_all(b"{")?;
        parallel::in_order(parts.len(), maker, |text| out.write_all(&text))?;
        out.write_all(b"\n}")
    }

    fn part(&self, part: &Part<'_, '_>, is_first: bool, printer: &mut Printer) {
        let mut separator = if is_first { "\n  " } else { ",\n  " };
        let mut begin = |printer: &mut Printer, path: &str| {
            printer.push(separator);
            separator = ",\n  ";
            printer.print(path, 1);
            printer.push(": ");
        };
        match part {
            Part::Files(files) => {
                for file in *files {
                    begin(printer, &file.place.path());
                    file.print(printer, 1);
                }
            }
            Part::Manifest => {
                begin(printer, MANIFEST);
                printer.print(&self.manifest(), 1);
            }
        }
    }

    fn manifest(&self) -> Manifest<'_> {
        Manifest { stack: self.stack, steps: &self.steps, version: 1 }
    }
}

/// What is printed at a time.
enum Part<'e, 'a> {
    Files(&'e [Entry<'a>]),
    Manifest,
}

impl Entry<'_> {
    fn print(&self, printer: &mut Printer, depth: usize) {
        let mut one = One { left: self.index, depth, printer };
        self.resource.body.each_request("", &mut one);
    }
}

/// Keeps which calls there are.
struct Calls<'a>(Vec<Call<'a>>);

impl<'a> Requests<'a> for Calls<'a> {
    fn request<T: Serialize>(&mut self, call: Call<'a>, _: &T) {
        self.0.push(call);
    }
}

/// Prints one of several requests.
struct One<'p> {
    /// How many come before it.
    left: usize,
    depth: usize,
    printer: &'p mut Printer,
}

impl<'a> Requests<'a> for One<'_> {
    fn request<T: Serialize>(&mut self, _: Call<'a>, body: &T) {
        if self.left == 0 {
            self.printer.print(body, self.depth);
        }
        self.left = self.left.wrapping_sub(1);
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
