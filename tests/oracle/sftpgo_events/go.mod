module crossgrade.invalid/tests/oracle/sftpgo-events

go 1.21
