//! All SQL about counts of refused sign-ins.

use db::{Tx, params};
use types::{Installation, Result};

use super::Counted;

pub(crate) async fn add(tx: &mut Tx, _: &Installation, counted: &Counted, times: i64) -> Result<()> {
    let sql = "INSERT INTO refused_sign_ins (minute, kind, network, times) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (minute, kind, network) DO UPDATE SET times = refused_sign_ins.times + excluded.times";
    tx.execute(sql, params![counted.minute, counted.kind, &counted.network, times]).await?;
    Ok(())
}

pub(crate) async fn prune(tx: &mut Tx, _: &Installation, before_minute: i64) -> Result<()> {
    tx.execute("DELETE FROM refused_sign_ins WHERE minute < $1", params![before_minute]).await?;
    Ok(())
}
