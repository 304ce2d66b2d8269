//! The built-in GPU types: what they compute, hold, draw and rent for.
//!
//! Compute, memory and power: the accelerator tables of ML Engineering (S. Bekman,
//! github.com/stas00/ml-engineering, `compute/accelerator/README.md`), which cites the vendors' datasheets row by row;
//! P100, V100, T4, A10 and L4 after the datasheets as remembered. MIG: NVIDIA MIG user guide, "Supported GPUs".
//! Links: the same book, `network/README.md`, per GPU and direction.
//!
//! All rates are dense, without sparsity. Of two figures in circulation the one taken is named beside the row.
//! Rental prices are those of specialist clouds on demand, 2025-2026: they differ between providers by a factor of two
//! to five and age fast, so they are defaults for a first look, never constants.

use super::spec::GpuType;
use crate::units::UsdPerGpuHour;
use crate::units::mig::{self, MigNames};

/// A row of the catalog.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CatalogGpu {
    /// The id that scenarios and traces use.
    pub id: &'static str,
    /// Architecture and year of release.
    pub arch: &'static str,
    /// Memory in GB as marketed.
    pub memory_gb: u32,
    /// Memory bandwidth in GB/s.
    pub bandwidth_gbs: u32,
    /// Dense FP16 and, where the part has it, BF16 peak in TFLOPS.
    pub tflops: f64,
    /// Dense FP8 peak in TFLOPS.
    pub fp8_tflops: Option<f64>,
    /// Maximum power of the module in watts.
    pub power_w: u32,
    /// Its MIG profiles, if it has MIG.
    pub mig: Option<&'static MigNames>,
    /// MB/s per GPU and direction to the other GPUs of its island, or of its node over PCIe.
    pub link_mbs: Option<u32>,
    /// What it rents for.
    pub rental: Option<Rental>,
}

/// A rental price on demand and who asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rental {
    /// Cents per GPU-hour.
    pub cents: u32,
    /// Provider and year, as text.
    pub source: &'static str,
}

const fn rent(cents: u32, source: &'static str) -> Option<Rental> {
    Some(Rental { cents, source })
}

const PCIE4: Option<u32> = Some(31_000);
const PCIE5: Option<u32> = Some(63_000);
const NVLINK3: Option<u32> = Some(300_000);
const NVLINK4: Option<u32> = Some(450_000);
const NVLINK5: Option<u32> = Some(900_000);
const XGMI_CDNA3: Option<u32> = Some(448_000);
const XGMI_CDNA4: Option<u32> = Some(535_500);

const A100_RENTAL: Option<Rental> = rent(139, "RunPod, 2026");

/// What most rows share, so that each one names only what sets it apart.
const BASE: CatalogGpu = CatalogGpu {
    id: "",
    arch: "",
    memory_gb: 0,
    bandwidth_gbs: 0,
    tflops: 0.0,
    fp8_tflops: None,
    power_w: 0,
    mig: None,
    link_mbs: None,
    rental: None,
};

const HOPPER: CatalogGpu = CatalogGpu {
    arch: "Hopper 2022",
    memory_gb: 80,
    tflops: 989.0,
    fp8_tflops: Some(1979.0),
    mig: Some(&mig::GB80),
    link_mbs: NVLINK4,
    ..BASE
};

const BLACKWELL: CatalogGpu = CatalogGpu { arch: "Blackwell 2024", bandwidth_gbs: 8000, link_mbs: NVLINK5, ..BASE };

const GPUS: &[CatalogGpu] = &[
    // No tensor cores: the plain FP16 rate. SXM2; PCIe draws 250 W.
    CatalogGpu {
        id: "p100",
        arch: "Pascal 2016",
        memory_gb: 16,
        bandwidth_gbs: 732,
        tflops: 21.2,
        power_w: 300,
        link_mbs: Some(80_000),
        ..BASE
    },
    // SXM2, the smaller of 16 and 32 GB.
    CatalogGpu {
        id: "v100",
        arch: "Volta 2017",
        memory_gb: 16,
        bandwidth_gbs: 900,
        tflops: 125.0,
        power_w: 300,
        link_mbs: Some(150_000),
        rental: rent(79, "Lambda, 8 GPUs, 2026"),
        ..BASE
    },
    CatalogGpu {
        id: "t4",
        arch: "Turing 2018",
        memory_gb: 16,
        bandwidth_gbs: 320,
        tflops: 65.0,
        power_w: 70,
        rental: rent(30, "typical of specialists, unverified"),
        ..BASE
    },
    // The A10G of AWS is another part: 70 TFLOPS, 300 W.
    CatalogGpu {
        id: "a10",
        arch: "Ampere 2021",
        memory_gb: 24,
        bandwidth_gbs: 600,
        tflops: 125.0,
        power_w: 150,
        link_mbs: PCIE4,
        rental: rent(75, "typical of specialists, unverified"),
        ..BASE
    },
    CatalogGpu {
        id: "a100-40",
        arch: "Ampere 2020",
        memory_gb: 40,
        bandwidth_gbs: 1555,
        tflops: 312.0,
        power_w: 400,
        mig: Some(&mig::GB40),
        link_mbs: NVLINK3,
        rental: rent(130, "typical of specialists, 2026"),
        ..BASE
    },
    CatalogGpu {
        id: "a100-80",
        arch: "Ampere 2020",
        memory_gb: 80,
        bandwidth_gbs: 2000,
        tflops: 312.0,
        power_w: 400,
        mig: Some(&mig::GB80),
        link_mbs: NVLINK3,
        rental: A100_RENTAL,
        ..BASE
    },
    CatalogGpu {
        id: "a100-80-pcie",
        arch: "Ampere 2021",
        memory_gb: 80,
        bandwidth_gbs: 1940,
        tflops: 312.0,
        power_w: 300,
        mig: Some(&mig::GB80),
        link_mbs: PCIE4,
        rental: A100_RENTAL,
        ..BASE
    },
    CatalogGpu {
        id: "l4",
        arch: "Ada 2023",
        memory_gb: 24,
        bandwidth_gbs: 300,
        tflops: 121.0,
        fp8_tflops: Some(242.0),
        power_w: 72,
        link_mbs: PCIE4,
        rental: rent(50, "typical of specialists, unverified"),
        ..BASE
    },
    CatalogGpu {
        id: "l40s",
        arch: "Ada 2023",
        memory_gb: 48,
        bandwidth_gbs: 864,
        tflops: 362.0,
        fp8_tflops: Some(733.0),
        power_w: 350,
        link_mbs: PCIE4,
        rental: rent(225, "CoreWeave, 2026; Nebius 1.55-2.75"),
        ..BASE
    },
    CatalogGpu {
        id: "h100-sxm",
        bandwidth_gbs: 3350,
        power_w: 700,
        rental: rent(295, "Nebius, 2026; Lambda 3.99, CoreWeave 6.16"),
        ..HOPPER
    },
    CatalogGpu {
        id: "h100-pcie",
        bandwidth_gbs: 2000,
        tflops: 756.0,
        fp8_tflops: Some(1513.0),
        power_w: 350,
        link_mbs: PCIE5,
        ..HOPPER
    },
    CatalogGpu {
        id: "h100-nvl",
        arch: "Hopper 2023",
        memory_gb: 94,
        bandwidth_gbs: 3900,
        tflops: 835.0,
        fp8_tflops: Some(1671.0),
        power_w: 400,
        mig: Some(&mig::GB94),
        link_mbs: PCIE5,
        ..HOPPER
    },
    CatalogGpu {
        id: "h200-sxm",
        arch: "Hopper 2024",
        memory_gb: 141,
        bandwidth_gbs: 4800,
        power_w: 700,
        mig: Some(&mig::GB141),
        rental: rent(350, "Nebius, 2026; Spheron 4.54, CoreWeave 6.31"),
        ..HOPPER
    },
    // The 96 GB part; the power includes the CPU.
    CatalogGpu {
        id: "gh200",
        arch: "Hopper 2023",
        memory_gb: 96,
        bandwidth_gbs: 4000,
        power_w: 1000,
        mig: Some(&mig::GB96),
        rental: rent(229, "Lambda, 2026"),
        ..HOPPER
    },
    // 180 GB usable of 192 on the package; 1000 W is the ceiling, 700 W the DGX set point.
    CatalogGpu {
        id: "b200-sxm",
        memory_gb: 180,
        tflops: 2250.0,
        fp8_tflops: Some(4500.0),
        power_w: 1000,
        mig: Some(&mig::GB180),
        rental: rent(550, "Nebius, 8 GPUs, 2026; Lambda 6.69, CoreWeave 8.60"),
        ..BLACKWELL
    },
    // NVL72; the GB parts are quoted at 2500, the HGX parts at 2250.
    CatalogGpu {
        id: "gb200",
        memory_gb: 186,
        tflops: 2500.0,
        fp8_tflops: Some(5000.0),
        power_w: 1200,
        mig: Some(&mig::GB186),
        rental: rent(454, "Spheron, 2026; CoreWeave 10.50"),
        ..BLACKWELL
    },
    // 1000 W after the DGX B300 document; 1100-1400 W elsewhere.
    CatalogGpu {
        id: "b300-sxm",
        arch: "Blackwell Ultra 2025",
        memory_gb: 288,
        tflops: 2250.0,
        fp8_tflops: Some(4500.0),
        power_w: 1000,
        mig: Some(&mig::GB269),
        ..BLACKWELL
    },
    CatalogGpu {
        id: "gb300",
        arch: "Blackwell Ultra 2025",
        memory_gb: 288,
        tflops: 2500.0,
        fp8_tflops: Some(5000.0),
        power_w: 1400,
        mig: Some(&mig::GB278),
        ..BLACKWELL
    },
    CatalogGpu {
        id: "mi300x",
        arch: "CDNA3 2023",
        memory_gb: 192,
        bandwidth_gbs: 5300,
        tflops: 1307.0,
        fp8_tflops: Some(2615.0),
        power_w: 750,
        link_mbs: XGMI_CDNA3,
        rental: rent(199, "median of specialists, May 2026; 1.85-3.49"),
        ..BASE
    },
    CatalogGpu {
        id: "mi325x",
        arch: "CDNA3 2024",
        memory_gb: 256,
        bandwidth_gbs: 6000,
        tflops: 1307.0,
        fp8_tflops: Some(2615.0),
        power_w: 1000,
        link_mbs: XGMI_CDNA3,
        rental: rent(195, "specialists, May 2026"),
        ..BASE
    },
    // 2500 after the datasheet; one measurement table divides by 2300.
    CatalogGpu {
        id: "mi355x",
        arch: "CDNA4 2025",
        memory_gb: 288,
        bandwidth_gbs: 8000,
        tflops: 2500.0,
        fp8_tflops: Some(5000.0),
        power_w: 1400,
        link_mbs: XGMI_CDNA4,
        rental: rent(250, "low end of specialists, May 2026; 2.50-8.60"),
        ..BASE
    },
];

/// All rows, oldest architecture first.
#[must_use]
pub fn gpus() -> &'static [CatalogGpu] {
    GPUS
}

/// The ids of all rows.
#[must_use]
pub fn ids() -> Vec<&'static str> {
    GPUS.iter().map(|gpu| gpu.id).collect()
}

/// The row with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static CatalogGpu> {
    GPUS.iter().find(|gpu| gpu.id == id)
}

impl Rental {
    /// As the price of a GPU-hour.
    #[must_use]
    pub const fn price(self) -> UsdPerGpuHour {
        UsdPerGpuHour::from_micros(self.cents as u64 * 10_000)
    }
}

impl CatalogGpu {
    /// The most MIG instances; 1 without MIG.
    #[must_use]
    pub const fn mig_instances(&self) -> u8 {
        if self.mig.is_some() { mig::COMPUTE_SLICES } else { 1 }
    }

    /// The row as a type of a cluster.
    #[must_use]
    pub fn gpu_type(&self) -> GpuType {
        GpuType {
            id: self.id.to_owned(),
            arch: Some(self.arch.to_owned()),
            memory_bytes: Some(u64::from(self.memory_gb) * 1_000_000_000),
            bandwidth: Some(u64::from(self.bandwidth_gbs) * 1_000_000_000),
            tflops: Some(self.tflops),
            fp8_tflops: self.fp8_tflops,
            power_w: Some(self.power_w),
            mig_instances: self.mig_instances(),
            mig: self.mig,
            link: self.link_mbs.map(|mbs| u64::from(mbs) * 1_000_000),
            price: self.rental.map(Rental::price),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_complete_and_its_id_unique() {
        for (i, gpu) in gpus().iter().enumerate() {
            assert!(gpu.memory_gb > 0 && gpu.bandwidth_gbs > 0 && gpu.power_w > 0 && gpu.tflops > 1.0, "{}", gpu.id);
            assert!(gpu.fp8_tflops.is_none_or(|fp8| fp8 / gpu.tflops > 1.9), "{}", gpu.id);
            assert!(!gpus()[..i].iter().any(|g| g.id == gpu.id), "{}", gpu.id);
        }
        assert_eq!(gpus().len(), 21);
    }

    #[test]
    fn a_row_becomes_a_type_in_base_units() {
        let h100 = find("h100-sxm").unwrap().gpu_type();
        assert_eq!(h100.memory_bytes, Some(80_000_000_000));
        assert_eq!(h100.bandwidth, Some(3_350_000_000_000));
        assert_eq!(h100.price, Some(UsdPerGpuHour::from_micros(2_950_000)));
        assert_eq!(find("h100"), None);
    }
}
