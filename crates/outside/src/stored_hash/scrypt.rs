//! scrypt (RFC 7914), as different systems write it:
//!
//! | written | by | salt | output |
//! |---|---|---|---|
//! | `$scrypt$ln=16,r=8,p=1$salt$output` | passlib, PHC libraries | Base64 | Base64 without padding |
//! | `scrypt$16384$salt$8$5$output` | Django | letters | Base64 |
//! | `scrypt:32768:8:1$salt$output` | Werkzeug | letters | hexadecimal digits |

use rotunda_core::model::Password;
use scrypt::Params;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::text::{Bytes, base64_any, decimal, fields, hex, letters, named};
use super::{NotComputed, StoredHashError, within};

const FORM: StoredHashError = StoredHashError::Form(
    "$scrypt$ln=…,r=…,p=…$salt$hash, scrypt$N$salt$r$p$hash (Django) or scrypt:N:r:p$salt$hash (Werkzeug)",
);
/// What scrypt needs for one lane.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// What it goes through, all lanes together: some seconds' work.
const MOST_WORK: u64 = 2 * MOST_MEMORY;
const SALT_MOST: usize = 128;
const OUTPUT_LEAST: usize = 16;
const OUTPUT_MOST: usize = 128;

/// How much work a scrypt hash is, within bounds.
#[derive(Clone, Copy)]
pub(super) struct Costs {
    parameters: Params,
    memory: u64,
}

impl Costs {
    /// From `N`, the size of a block and the number of lanes.
    pub(super) fn new(n: u64, r: u64, p: u64) -> Result<Self, StoredHashError> {
        if !n.is_power_of_two() || n < 2 {
            return Err(StoredHashError::Cost {
                cost: "as scrypt's N",
                asked: n,
                least: 2,
                most: MOST_MEMORY / 128,
            });
        }
        let memory = within("bytes of memory", n.saturating_mul(r).saturating_mul(128), 256, MOST_MEMORY)?;
        within("bytes of memory over all lanes", memory.saturating_mul(p), 256, MOST_WORK)?;
        let (log_n, refused) = (u8::try_from(n.ilog2()), FORM);
        let (r, p) = (u32::try_from(r), u32::try_from(p));
        let (Ok(log_n), Ok(r), Ok(p)) = (log_n, r, p) else { return Err(refused) };
        let parameters = Params::new(log_n, r, p).map_err(|_| refused)?;
        Ok(Self { parameters, memory })
    }

    pub(super) fn compute(
        &self,
        password: &Password,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), NotComputed> {
        // The library takes its memory without asking, and a process that gets none dies: so it is asked for first.
        let needed = usize::try_from(self.memory).map_err(|_| NotComputed::Memory)?;
        Vec::<u8>::new().try_reserve_exact(needed).map_err(|_| NotComputed::Memory)?;
        scrypt::scrypt(password.expose().as_bytes(), salt, &self.parameters, output)
            .map_err(|_| NotComputed::Refused)
    }
}

/// `ln=…,r=…,p=…`
pub(super) fn phc_costs(text: &str) -> Option<Result<Costs, StoredHashError>> {
    let mut costs = text.split(',');
    let (log_n, r, p) = (named(costs.next(), "ln")?, named(costs.next(), "r")?, named(costs.next(), "p")?);
    let n = u32::try_from(log_n).ok().and_then(|log_n| 1_u64.checked_shl(log_n)).unwrap_or(u64::MAX / 2 + 1);
    costs.next().is_none().then(|| Costs::new(n, r, p))
}

/// The parts of a scrypt hash.
pub(crate) struct ScryptHash {
    costs: Costs,
    salt: Bytes,
    output: Bytes,
}

impl ScryptHash {
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        let decimals = |[n, r, p]: [&str; 3]| Some((decimal(n)?, decimal(r)?, decimal(p)?));
        let (costs, salt, output) = if let Some(phc) = text.strip_prefix("$scrypt$") {
            let [costs, salt, output] = fields(phc, '$').ok_or(FORM)?;
            let costs = phc_costs(costs).ok_or(FORM)??;
            (costs, base64_any(salt, 1, SALT_MOST), base64_any(output, OUTPUT_LEAST, OUTPUT_MOST))
        } else if let Some(django) = text.strip_prefix("scrypt$") {
            let [n, salt, r, p, output] = fields(django, '$').ok_or(FORM)?;
            let (n, r, p) = decimals([n, r, p]).ok_or(FORM)?;
            let output = base64_any(output, OUTPUT_LEAST, OUTPUT_MOST);
            (Costs::new(n, r, p)?, letters(salt, SALT_MOST), output)
        } else {
            let werkzeug = text.strip_prefix("scrypt:").and_then(|rest| fields(rest, '$'));
            let [costs, salt, output] = werkzeug.ok_or(FORM)?;
            let (n, r, p) = fields(costs, ':').and_then(decimals).ok_or(FORM)?;
            (Costs::new(n, r, p)?, letters(salt, SALT_MOST), hex(output, OUTPUT_LEAST, OUTPUT_MOST))
        };
        let (salt, output) = (salt.ok_or(StoredHashError::Salt)?, output.ok_or(StoredHashError::Output)?);
        Ok(Self { costs, salt, output })
    }

    pub(crate) fn verify(&self, password: &Password) -> Result<bool, NotComputed> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        self.costs.compute(password, &self.salt, &mut output)?;
        Ok(output.ct_eq(&self.output).into())
    }
}
