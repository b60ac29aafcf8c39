-- Version 2 of the read model has a column more. Given.
alter table reservations_view add column if not exists booked_on date;
