# Drops a database that a restore test made, and no other. Runs on the host of the restore instance.
param([Parameter(Mandatory)][string]$Instance, [Parameter(Mandatory)][string]$Name)
$ErrorActionPreference = 'Stop'
if (-not $Name.StartsWith('rt-')) { throw "$Name was not made by a restore test." }

$builder = New-Object System.Data.SqlClient.SqlConnectionStringBuilder
$builder['Data Source'] = $Instance
$builder['Initial Catalog'] = 'master'
$builder['Integrated Security'] = $true
$connection = New-Object System.Data.SqlClient.SqlConnection $builder.ConnectionString
try {
    $connection.Open()
    $command = $connection.CreateCommand()
    $command.CommandTimeout = 0
    $command.CommandText = "IF DB_ID(@name) IS NULL SELECT 0 ELSE BEGIN DECLARE @sql nvarchar(max) = " +
        "CASE WHEN DATABASEPROPERTYEX(@name, 'Status') = 'ONLINE' " +
        "THEN N'ALTER DATABASE ' + QUOTENAME(@name) + N' SET SINGLE_USER WITH ROLLBACK IMMEDIATE; ' ELSE N'' END + " +
        "N'DROP DATABASE ' + QUOTENAME(@name); EXEC (@sql); SELECT 1 END"
    [void]$command.Parameters.AddWithValue('@name', $Name)
    $Ansible.Changed = [bool]$command.ExecuteScalar()
}
finally { $connection.Dispose() }
