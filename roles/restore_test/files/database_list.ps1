# The names of the databases that restore tests may have made. Runs on the host of the restore instance.
param([Parameter(Mandatory)][string]$Instance)
$ErrorActionPreference = 'Stop'

$builder = New-Object System.Data.SqlClient.SqlConnectionStringBuilder
$builder['Data Source'] = $Instance
$builder['Initial Catalog'] = 'master'
$builder['Integrated Security'] = $true
$connection = New-Object System.Data.SqlClient.SqlConnection $builder.ConnectionString
$Ansible.Changed = $false
try {
    $connection.Open()
    $command = $connection.CreateCommand()
    $command.CommandText = "SELECT name FROM sys.databases WHERE name LIKE 'rt-%'"
    $table = New-Object System.Data.DataTable
    $table.Load($command.ExecuteReader())
    $Ansible.Result = @{ names = @($table.Rows | ForEach-Object { [string]$_.name }) }
}
finally { $connection.Dispose() }
