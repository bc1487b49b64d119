//! The edge, tried from outside.
