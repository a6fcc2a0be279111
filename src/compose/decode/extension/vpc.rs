//! `x-ecs.vpc`: one that is there already, or one of the project's own.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Cidr, Endpoints, Nat, NewVpc, Vpc};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// An id, a word, or the keys below it.
    pub(in crate::compose::decode) fn vpc(&mut self, node: &Node) -> Option<Located<Vpc>> {
        if node.as_mapping().is_some() {
            return self.vpc_table(node);
        }
        let vpc = match self.filled("x-ecs.vpc", node)?.value.as_str() {
            "create" => Vpc::Create(NewVpc::default()),
            "default" => Vpc::Default,
            _ => Vpc::Id(self.vpc_id("x-ecs.vpc", node)?.value),
        };
        Some(Located::new(vpc, node.span))
    }

    fn vpc_table(&mut self, node: &Node) -> Option<Located<Vpc>> {
        let level = Level::Part("`x-ecs.vpc`");
        let mut table = Table::open(self, "x-ecs.vpc", node, level)?;
        let id = table.value("id").map(|node| self.vpc_id("x-ecs.vpc.id", node));
        let tags = table.value("tags").map(|node| self.labels("x-ecs.vpc.tags", node));
        let create = table.value("create").and_then(|node| self.boolean("x-ecs.vpc.create", node));
        let cidr = table.value("cidr").and_then(|node| self.cidr(node));
        let nat = table.value("nat").and_then(|node| {
            let all = [Nat::None, Nat::One, Nat::EachZone].map(|nat| (nat.as_str(), nat));
            self.choice("x-ecs.vpc.nat", node, &all)
        });
        let endpoints = table.value("endpoints").and_then(|node| self.endpoints(node));
        table.finish(self);
        let id = match id {
            // What is no id was said.
            Some(None) => return None,
            id => id.flatten(),
        };
        let makes = create.as_ref().is_none_or(|create| create.value);
        let settings = cidr.is_some() || nat.is_some() || endpoints.is_some();
        let made = makes && (create.is_some() || settings);
        let tags = tags.filter(|tags| !tags.is_empty());
        let vpc = match (id, tags, made) {
            (Some(id), None, false) if !settings => Vpc::Id(id.value),
            (None, Some(tags), false) if !settings => Vpc::Tags(tags),
            (None, None, true) => Vpc::Create(NewVpc {
                cidr,
                nat: nat.map(|nat| nat.value).unwrap_or_default(),
                endpoints: endpoints.unwrap_or_default(),
            }),
            (None, None, false) if !settings => return None,
            _ => {
                let message = "`x-ecs.vpc` is one that is there already, or a new one";
                let fault = Diagnostic::error(Code::Conflict, message).help(
                    "write an id, or `tags`, or `create: true` with `cidr`, `nat` and `endpoints`",
                );
                self.report_at(fault, node, "");
                return None;
            }
        };
        Some(Located::new(vpc, node.span))
    }

    /// A block whose sixteen parts are subnets that EC2 takes.
    fn cidr(&mut self, node: &Node) -> Option<Located<Cidr>> {
        let text = self.filled("x-ecs.vpc.cidr", node)?;
        if let Some(block) = Cidr::parse(&text.value) {
            return Some(Located::new(block, text.span));
        }
        let help = "write the first address and 16 to 24 bits: `10.0.0.0/16`";
        self.invalid("x-ecs.vpc.cidr", node, "is no block of addresses of a VPC", help);
        None
    }

    /// `true`, or a list of services.
    fn endpoints(&mut self, node: &Node) -> Option<Endpoints> {
        if let Some(Typed::Bool(usual)) = node.as_scalar().map(typed) {
            return Some(if usual { Endpoints::Usual } else { Endpoints::None });
        }
        let mut names = Vec::new();
        let Some(items) = node.as_sequence() else {
            self.wrong_type("x-ecs.vpc.endpoints", node, "a list of texts");
            return None;
        };
        for name in items.iter().filter_map(|item| self.endpoint_name(item)) {
            if !names.contains(&name.value) {
                names.push(name.value);
            }
        }
        Some(if names.is_empty() { Endpoints::None } else { Endpoints::Of(names) })
    }
}
