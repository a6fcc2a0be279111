//! Compose projects by chance, and changes of them by chance. The same seed gives the same ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::dice::Dice;

/// What a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Service,
    /// Somebody waits for its end.
    Job,
    /// It runs by the clock.
    Scheduled,
}

#[derive(Clone, Debug)]
struct Unit {
    role: Role,
    tag: u64,
    replicas: u64,
    setting: u64,
    is_offered: bool,
    /// Published ports that speak HTTP.
    ports: BTreeSet<u64>,
    /// A published port that does not.
    datagrams: Option<u64>,
    volume: Option<u64>,
    has_secret: bool,
    is_healthy: bool,
    is_scaled: bool,
    on: BTreeSet<String>,
}

/// A project: what its Compose file says.
#[derive(Clone, Debug)]
pub(crate) struct App {
    units: BTreeMap<String, Unit>,
    /// The number of the next service and of the next port.
    next: u64,
    image: &'static str,
}

impl App {
    /// Of two to five services, of `image` with a tag to follow.
    pub(crate) fn new(dice: &mut Dice, image: &'static str) -> Self {
        let mut app = Self { units: BTreeMap::new(), next: 0, image };
        for _ in 0..2 + dice.below(4) {
            app.add(dice);
        }
        app
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, dice: &mut Dice) {
        let roll = dice.below(100);
        let role = match roll {
            0..15 => Role::Job,
            15..30 => Role::Scheduled,
            _ => Role::Service,
        };
        let number = self.number();
        let mut on = BTreeSet::new();
        if role != Role::Scheduled {
            for (name, unit) in &self.units {
                if unit.role != Role::Scheduled && dice.chance(35) {
                    on.insert(name.clone());
                }
            }
        }
        let unit = Unit {
            role,
            tag: dice.below(3),
            replicas: 1 + dice.below(2),
            setting: dice.below(9),
            is_offered: dice.chance(60),
            ports: BTreeSet::new(),
            datagrams: None,
            volume: dice.chance(30).then(|| dice.below(2)),
            has_secret: dice.chance(30),
            is_healthy: dice.chance(40),
            is_scaled: dice.chance(20),
            on,
        };
        self.units.insert(format!("s{number:02}"), unit);
        for _ in 0..dice.below(3) {
            self.publish(dice, &format!("s{number:02}"));
        }
    }

    fn publish(&mut self, dice: &mut Dice, name: &str) {
        let port = 8000 + self.number();
        let Some(unit) = self.units.get_mut(name) else { return };
        if dice.chance(25) {
            unit.datagrams = Some(port);
        } else {
            unit.ports.insert(port);
        }
    }

    /// One to three changes; in words, for whoever looks for the cause of a failure.
    pub(crate) fn mutate(&mut self, dice: &mut Dice) -> Vec<String> {
        (0..1 + dice.below(3)).map(|_| self.change(dice)).collect()
    }

    fn change(&mut self, dice: &mut Dice) -> String {
        let names: Vec<String> = self.units.keys().cloned().collect();
        let name = dice.one_of(&names).clone();
        let what = dice.below(12);
        match what {
            0 => self.add(dice),
            1 if names.len() > 1 => self.remove(&name),
            2 => self.publish(dice, &name),
            _ => {
                let unit = self.units.get_mut(&name).expect("one of them");
                unit.change(what, dice);
            }
        }
        format!("{what} of {name}")
    }

    fn remove(&mut self, name: &str) {
        self.units.remove(name);
        for unit in self.units.values_mut() {
            unit.on.remove(name);
        }
    }

    /// The Compose file. What it names stands in [`App::files`].
    pub(crate) fn compose(&self, name: &str) -> String {
        let mut text = format!("name: {name}\nservices:\n");
        for (name, unit) in &self.units {
            let _ = write!(text, "  {name}:\n    image: {}{}\n", self.image, unit.tag);
            unit.write(&mut text);
            self.write_dependencies(unit, &mut text);
        }
        let volumes: BTreeSet<u64> = self.units.values().filter_map(|unit| unit.volume()).collect();
        for (index, volume) in volumes.iter().enumerate() {
            let head = if index == 0 { "volumes:\n" } else { "" };
            let _ = writeln!(text, "{head}  v{volume}:");
        }
        if self.units.values().any(|unit| unit.has_secret) {
            text.push_str("secrets:\n  key:\n    file: ./key.txt\n");
        }
        text
    }

    fn write_dependencies(&self, unit: &Unit, text: &mut String) {
        for (index, name) in unit.on.iter().enumerate() {
            let condition = match &self.units[name] {
                Unit { role: Role::Job, .. } => "service_completed_successfully",
                Unit { is_healthy: true, .. } => "service_healthy",
                _ => "service_started",
            };
            let head = if index == 0 { "    depends_on:\n" } else { "" };
            let _ = writeln!(text, "{head}      {name}: {{condition: {condition}}}");
        }
    }
}

impl Unit {
    fn change(&mut self, what: u64, dice: &mut Dice) {
        match what {
            3 => drop(self.ports.pop_first()),
            4 => self.replicas = 1 + dice.below(3),
            5 => self.volume = (self.volume.is_none()).then(|| dice.below(2)),
            6 => self.has_secret = !self.has_secret,
            7 => self.is_offered = !self.is_offered,
            8 => self.is_scaled = !self.is_scaled,
            9 => self.is_healthy = !self.is_healthy,
            10 => self.tag = dice.below(3),
            _ => self.setting = dice.below(9),
        }
    }

    fn volume(&self) -> Option<u64> {
        // Whoever has several tasks would share its volume among them.
        self.volume.filter(|_| self.role == Role::Service && self.replicas == 1 && !self.is_scaled)
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "    environment: {{SETTING: \"{}\"}}", self.setting);
        if self.has_secret {
            text.push_str("    secrets: [key]\n");
        }
        match self.role {
            Role::Job => return,
            Role::Scheduled => {
                text.push_str("    x-ecs: {schedule: cron(0 3 * * ? *)}\n");
                return;
            }
            Role::Service => {}
        }
        if self.is_offered {
            text.push_str("    expose: [\"7000\"]\n");
        }
        if self.is_healthy {
            text.push_str("    healthcheck: {test: [CMD, \"true\"], interval: 5s}\n");
        }
        let published = self.ports.iter().map(|port| format!("\"{port}:80\""));
        let datagrams = self.datagrams.iter().map(|port| format!("\"{port}:5353/udp\""));
        let ports: Vec<String> = published.chain(datagrams).collect();
        if !ports.is_empty() {
            let _ = writeln!(text, "    ports: [{}]", ports.join(", "));
        }
        if let Some(volume) = self.volume() {
            let _ = writeln!(text, "    volumes: [\"v{volume}:/data\"]");
        }
        let mut settings = Vec::new();
        if self.datagrams.is_some() {
            settings.push("ports: {5353: public}".to_owned());
        }
        if self.is_scaled {
            settings.push("autoscaling: {min: 1, max: 3, cpu: 60}".to_owned());
        } else {
            let _ = writeln!(text, "    deploy: {{replicas: {}}}", self.replicas);
        }
        if !settings.is_empty() {
            let _ = writeln!(text, "    x-ecs: {{{}}}", settings.join(", "));
        }
    }
}
