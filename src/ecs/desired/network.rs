//! A VPC of the project's own, in the words of EC2.

use serde::{Deserialize, Serialize};

use super::{TagSpecification, Value};

/// `ec2 CreateVpc`, and twice `ec2 ModifyVpcAttribute`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// `CreateVpc`
    pub create: CreateVpc,
    /// Names of hosts, and then that they are resolved: endpoints with private names need both.
    pub attributes: Vec<ModifyVpcAttribute>,
}

/// `ec2 CreateVpc`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpc {
    /// Its addresses, for good.
    pub cidr_block: String,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 ModifyVpcAttribute`: one attribute a call
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcAttribute {
    /// The VPC.
    pub vpc_id: Value,
    /// Whether its hosts have names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_dns_hostnames: Option<Switch>,
    /// Whether its hosts can ask for names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_dns_support: Option<Switch>,
}

/// `ec2 AttributeBooleanValue`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Switch {
    /// Whether it is on.
    pub value: bool,
}

/// `ec2 CreateSubnet`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subnet {
    /// Its VPC.
    pub vpc_id: Value,
    /// Its zone, for good.
    pub availability_zone: String,
    /// Its addresses, for good.
    pub cidr_block: String,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 CreateInternetGateway` and `ec2 AttachInternetGateway`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// `CreateInternetGateway`
    pub create: CreateInternetGateway,
    /// `AttachInternetGateway`
    pub attach: AttachInternetGateway,
}

/// `ec2 CreateInternetGateway`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInternetGateway {
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 AttachInternetGateway`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachInternetGateway {
    /// The gateway.
    pub internet_gateway_id: Value,
    /// The VPC; empty where it is attached to none.
    pub vpc_id: Value,
}

/// `ec2 AllocateAddress`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Address {
    /// `vpc`
    pub domain: String,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 CreateNatGateway`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NatGateway {
    /// A public subnet.
    pub subnet_id: Value,
    /// The address that its requests come from.
    pub allocation_id: Value,
    /// `public`
    pub connectivity_type: String,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 CreateRouteTable`, `ec2 CreateRoute` and `ec2 AssociateRouteTable`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `CreateRouteTable`
    pub create: CreateRouteTable,
    /// The ways out of the VPC.
    pub routes: Vec<CreateRoute>,
    /// The subnets for which it holds.
    pub associations: Vec<AssociateRouteTable>,
}

/// `ec2 CreateRouteTable`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteTable {
    /// The VPC.
    pub vpc_id: Value,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 CreateRoute`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRoute {
    /// The table.
    pub route_table_id: Value,
    /// `0.0.0.0/0`
    pub destination_cidr_block: String,
    /// An internet gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_id: Option<Value>,
    /// A NAT gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat_gateway_id: Option<Value>,
}

/// `ec2 AssociateRouteTable`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateRouteTable {
    /// The table.
    pub route_table_id: Value,
    /// The subnet.
    pub subnet_id: Value,
}

/// `ec2 CreateVpcEndpoint`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpoint {
    /// `Interface` or `Gateway`
    pub vpc_endpoint_type: String,
    /// The VPC.
    pub vpc_id: Value,
    /// Such as `com.amazonaws.eu-west-1.ecr.api`.
    pub service_name: String,
    /// Of a gateway: the tables that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_table_ids: Vec<Value>,
    /// Of an interface: where it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnet_ids: Vec<Value>,
    /// Of an interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<Value>,
    /// Of an interface: the service's own name leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_enabled: Option<bool>,
    /// Tags.
    pub tag_specifications: Vec<TagSpecification>,
}
