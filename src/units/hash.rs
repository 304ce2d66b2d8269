//! XXH64, the fingerprint of input files in the manifest.
//!
//! Yann Collet's algorithm, as specified in the xxHash repository (`doc/xxhash_spec.md`, section XXH64); anyone can
//! check a manifest with `xxhsum -H64`.

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// A running XXH64.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    seed: u64,
    lanes: [u64; 4],
    pending: Vec<u8>,
    length: u64,
}

impl Fingerprint {
    /// An empty fingerprint.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let lanes = [seed.wrapping_add(P1).wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
        Fingerprint { seed, lanes, pending: Vec::with_capacity(32), length: 0 }
    }

    /// The fingerprint of one piece of data.
    #[must_use]
    pub fn of(seed: u64, data: &[u8]) -> Self {
        let mut print = Fingerprint::new(seed);
        print.update(data);
        print
    }

    /// Takes in more data.
    pub fn update(&mut self, mut data: &[u8]) {
        self.length += data.len() as u64;
        if !self.pending.is_empty() {
            let take = data.len().min(32 - self.pending.len());
            self.pending.extend_from_slice(&data[..take]);
            data = &data[take..];
            if self.pending.len() < 32 {
                return;
            }
            let stripe = std::mem::take(&mut self.pending);
            self.consume(&stripe);
            self.pending = stripe;
            self.pending.clear();
        }
        let whole = data.len() / 32 * 32;
        for stripe in data[..whole].chunks_exact(32) {
            self.consume(stripe);
        }
        self.pending.extend_from_slice(&data[whole..]);
    }

    fn consume(&mut self, stripe: &[u8]) {
        for (lane, word) in self.lanes.iter_mut().zip(stripe.chunks_exact(8)) {
            *lane = round(*lane, word64(word));
        }
    }

    /// The 64-bit value of all data taken in so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        let mut hash = if self.length >= 32 {
            let [a, b, c, d] = self.lanes;
            let mixed = a
                .rotate_left(1)
                .wrapping_add(b.rotate_left(7))
                .wrapping_add(c.rotate_left(12))
                .wrapping_add(d.rotate_left(18));
            self.lanes.iter().fold(mixed, |acc, &lane| (acc ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4))
        } else {
            self.seed.wrapping_add(P5)
        };
        hash = hash.wrapping_add(self.length);
        let mut rest = self.pending.as_slice();
        while rest.len() >= 8 {
            hash = (hash ^ round(0, word64(&rest[..8]))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
            rest = &rest[8..];
        }
        if rest.len() >= 4 {
            let word = u64::from(u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]));
            hash = (hash ^ word.wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
            rest = &rest[4..];
        }
        for &byte in rest {
            hash = (hash ^ u64::from(byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(P2);
        hash = (hash ^ (hash >> 29)).wrapping_mul(P3);
        hash ^ (hash >> 32)
    }
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

fn word64(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |acc, &b| (acc << 8) | u64::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the reference implementation.
    #[test]
    fn agrees_with_the_published_vectors() {
        assert_eq!(Fingerprint::of(0, b"").value(), 0xEF46_DB37_51D8_E999);
        assert_eq!(Fingerprint::of(0, b"a").value(), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(Fingerprint::of(0, b"abc").value(), 0x44BC_2CF5_AD77_0999);
        let long = b"Nobody inspects the spammish repetition";
        assert_eq!(Fingerprint::of(0, long).value(), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn pieces_and_whole_agree() {
        let data: Vec<u8> = (0..1000u32).map(|i| (i * 7) as u8).collect();
        let mut pieces = Fingerprint::new(9);
        for piece in data.chunks(13) {
            pieces.update(piece);
        }
        assert_eq!(pieces.value(), Fingerprint::of(9, &data).value());
    }
}
