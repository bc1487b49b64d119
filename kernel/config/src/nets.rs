//! Networks of addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::{Kind, Setting, expected};

impl Setting for IpNet {
    fn kind() -> Kind {
        Kind::text("a network or an address", "\"10.0.0.0/8\"")
    }

    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(expected::<Self>)?;
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::from(address));
        }
        let net: Self = text.parse().map_err(|_| expected::<Self>())?;
        // 10.0.0.1/8 is nearly always a mistake for 10.0.0.1/32, and trusting too much is the dangerous way.
        if net.trunc() != net {
            return Err(format!("has bits outside its mask; write {} or the bare address", net.trunc()));
        }
        Ok(net)
    }

    fn shown(&self) -> Value {
        json!(self.to_string())
    }
}
