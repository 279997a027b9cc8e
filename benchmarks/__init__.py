"""What `make bench` runs. Figures are ratios within one run on one machine: absolute numbers drift."""
