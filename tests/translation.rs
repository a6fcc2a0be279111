//! What projects become on ECS, from the text of their files to the requests: arrangements that people
//! write down in guides, and files of tools that are retired.

#[path = "translation/ecs_params.rs"]
mod ecs_params;
#[path = "translation/elsewhere.rs"]
mod elsewhere;
#[path = "translation/guide.rs"]
mod guide;
#[path = "translation/iam_policy.rs"]
mod iam_policy;
#[path = "translation/motion.rs"]
mod motion;
#[path = "translation/retired.rs"]
mod retired;
#[path = "translation/support.rs"]
mod support;
