/// `autoscaling.schedule`
pub(super) const TIMES: &str = r#"{
  "type": ["array", "object"],
  "items": {
    "type": "object",
    "properties": {
      "expression": {"type": "string", "pattern": "^(cron|rate|at)\\(.+\\)$"},
      "timezone": {"type": "string"},
      "min": {"type": "integer", "minimum": 0},
      "max": {"type": "integer", "minimum": 0}
    },
    "required": ["expression"],
    "additionalProperties": false
  }
}"#;

/// `autoscaling.steps`
pub(super) const STEPS: &str = r#"{
  "type": ["object", "array"],
  "items": {"type": "object"},
  "properties": {
    "metric": {"enum": ["cpu", "memory"]},
    "up": {
      "type": ["array", "object"],
      "items": {
        "type": "object",
        "properties": {
          "above": {"type": ["number", "string"], "minimum": 0, "maximum": 100},
          "add": {"type": "integer", "minimum": 1}
        },
        "required": ["above", "add"],
        "additionalProperties": false
      }
    },
    "down": {
      "type": ["array", "object"],
      "items": {
        "type": "object",
        "properties": {
          "below": {"type": ["number", "string"], "minimum": 0, "maximum": 100},
          "remove": {"type": "integer", "minimum": 1}
        },
        "required": ["below", "remove"],
        "additionalProperties": false
      }
    },
    "cooldown": {"type": ["integer", "string"], "minimum": 0},
    "minutes": {"type": "integer", "minimum": 1}
  },
  "additionalProperties": false
}"#;
