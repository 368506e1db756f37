//! One file for each stage of the stack, listed in the order of travel.
//! `stack` composes them and says why they stand in this order.

pub(crate) mod identify;

pub(crate) mod account;

pub(crate) mod protect;

pub(crate) mod framed;

pub(crate) mod path;

pub(crate) mod cors;

pub(crate) mod probe;

pub(crate) mod admit;

pub(crate) mod rescue;

pub(crate) mod deadline;

pub(crate) mod compress;

pub(crate) mod deliver;
