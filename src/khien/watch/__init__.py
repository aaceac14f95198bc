"""What is coming: observations with vintages, forecasts and their record, legal levels, warnings."""
